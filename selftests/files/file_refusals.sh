#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Refuse files that a drive cannot read as they are, each with a sentence that says why.
# shellcheck disable=SC2154 # block: from lib.sh; mount, map_file: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

# on TYPE DEVICE FUNCTION [MKFS OPTION...]: run the function on a filesystem with a file "file".
on()
{
	local type=$1 device=$2 run=$3

	shift 3
	make_fs "$type" "$device" "$@" || return
	head -c 300000 /dev/zero | tr '\0' x >"$mount/file"
	sync
	$run
	end_fs
}

as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

ext4_kinds()
{
	local file=$mount/file

	point "$what: an ordinary file" "$map_file" check "$file"
	refused "$what: a directory" "EOPNOTSUPP: it is not a regular file but a directory" "$mount"
	refused "$what: a device" "not a regular file but a block device" "$block"
	head -c 1000000 /dev/urandom >"$mount/new"
	refused "$what: no place yet" "EAGAIN: the extent at byte 0" "$mount/new"
	point "$what: after sync it has one" "$map_file" check "$mount/new"
	cp "$file" "$mount/journal" && chattr +j "$mount/journal"
	refused "$what: attribute j" "EOPNOTSUPP: the data of the file goes through the journal" \
		"$mount/journal"
	chmod 644 "$file"
	chmod 755 "$mount" "$work"
	says "$what: somebody else may map it" "lbas" as_nobody "$map_file" show "$file"
	says "$what: and may not see whether it is clean" "EPERM: cachestat is not allowed" \
		as_nobody "$map_file" clean "$file"
	swap_file
	verity
	overlay
	encryption
}

swap_file()
{
	dd if=/dev/zero of="$mount/swap" bs=64k count=16 status=none
	chmod 600 "$mount/swap"
	mkswap "$mount/swap" >/dev/null
	point "$what: swapon" swapon "$mount/swap" || return
	refused "$what: a swap file" "EOPNOTSUPP: the file is a swap file in use" "$mount/swap"
	point "$what: swapoff" swapoff "$mount/swap"
	point "$what: it is an ordinary file again" "$map_file" check "$mount/swap"
}

verity()
{
	cp "$mount/file" "$mount/verity"
	if ! "$map_file" verity "$mount/verity" >"$work/.output" 2>&1; then
		skip "$what: verity" "$(tail -n 1 "$work/.output")"
		return
	fi
	refused "$what: verity" "EOPNOTSUPP: the file has fs-verity" "$mount/verity"
}

overlay()
{
	modprobe -q overlay
	mkdir -p "$mount/lower" "$mount/upper" "$mount/wd" "$work/over"
	point "$what: an overlay" mount -t overlay \
		-o "lowerdir=$mount/lower,upperdir=$mount/upper,workdir=$mount/wd" none \
		"$work/over" || return
	cp "$mount/file" "$work/over/file"
	refused "$what: a file of an overlay" "a filesystem of type overlayfs" "$work/over/file"
	umount "$work/over"
}

encryption()
{
	local key

	mkdir "$mount/secret"
	key=$(head -c 64 /dev/urandom | xfs_io -c add_enckey "$mount" 2>/dev/null |
		sed -n 's/.*identifier //p')
	if [ -z "$key" ] || ! xfs_io -c "set_encpolicy -v 2 $key" "$mount/secret" ||
		! cp "$mount/file" "$mount/secret/file"; then
		skip "$what: encryption" "it cannot be set up here"
		return
	fi
	refused "$what: an encrypted file" "EOPNOTSUPP: the file is encrypted" "$mount/secret/file"
}

journal_data()
{
	refused "$what" "EOPNOTSUPP: ext4 is mounted with data=journal" "$mount/file"
}

test_ext4()
{
	local what=ext4 mount_options=

	on ext4 "$block" ext4_kinds -O encrypt,verity -b 4096
	what="ext4, data=journal"
	mount_options=data=journal on ext4 "$block" journal_data
	what="ext4, data=journal by its super block"
	has_default_journal
}

has_default_journal()
{
	point "$what: mkfs" mkfs.ext4 -q -F "$block" &&
		point "$what: tune2fs" tune2fs -o journal_data "$block" &&
		point "$what: mount" mount "$block" "$mount" || return
	head -c 300000 /dev/zero >"$mount/file"
	sync
	journal_data
	end_fs
}

# ---- devices in between ----

other_device()
{
	refused "$what" "$text" "$mount/file"
	fails "$what: a directory" "${text#*: }" "$map_file" drive "$mount"
}

test_devices()
{
	local what text loop

	what="a loop device" text="EOPNOTSUPP: the filesystem is on the loop device /dev/loop"
	truncate -s 300M "$work/image"
	loop=$(losetup --show -f "$work/image")
	on ext4 "$loop" other_device
	losetup -d "$loop"
	what="another device" text="EOPNOTSUPP: the filesystem is on /dev/vda, which is not a kcsd drive"
	if [ -b /dev/vda ]; then
		on ext4 /dev/vda other_device
	else
		skip "$what" "no /dev/vda"
	fi
	modprobe -q dm-mod
	what="device-mapper" text="EOPNOTSUPP: the filesystem is on the device-mapper device /dev/dm-"
	if dmsetup create --noudevsync kst-map --table "0 600000 linear $block 0" &&
		dmsetup mknodes kst-map; then
		on ext4 /dev/mapper/kst-map other_device
		dmsetup remove --noudevsync kst-map
	else
		skip "$what" "no device mapper"
	fi
	what="tmpfs"
	: >"$work/file"
	refused "$what" "EOPNOTSUPP: the file is on a filesystem of type tmpfs" "$work/file"
}

# ---- btrfs ----

btrfs_kinds()
{
	point "$what: an ordinary file" "$map_file" check "$mount/file"
	chmod 644 "$mount/file"
	chmod 755 "$mount" "$work"
	says "$what: the chunk tree is for root" "CAP_SYS_ADMIN" \
		not as_nobody "$map_file" show "$mount/file"
	printf tiny >"$mount/tiny"
	says "$what: but not an inline file" "bytes 1 4" as_nobody "$map_file" show "$mount/tiny"
	printf '%02000d' 0 >"$mount/inline"
	point "$what: mount with compression" mount -o remount,compress-force=zlib "$mount"
	head -c 300000 /dev/zero >"$mount/compressed"
	printf '%02000d' 0 >"$mount/inline2"
	sync
	refused "$what: a compressed file" "is compressed: write the file again" "$mount/compressed"
	point "$what: compressed inline bytes are read by the host" "$map_file" check \
		"$mount/inline2" "$mount/inline"
	touch "$mount/nocow" && chattr +C "$mount/nocow" && cp "$mount/file" "$mount/nocow"
	point "$what: a clone of a file without checksums" "$map_file" clone "$mount/nocow"
}

not()
{
	! "$@"
}

dup_data()
{
	refused "$what" "EOPNOTSUPP: data of the file has the btrfs profile DUP" "$mount/file"
}

two_devices()
{
	refused "$what" "EOPNOTSUPP: the btrfs has 2 devices" "$mount/file"
}

test_btrfs()
{
	local what="btrfs" mount_options=

	on btrfs "${block}p1" btrfs_kinds -d single
	what="btrfs, DUP"
	on btrfs "${block}p1" dup_data -d dup
	what="btrfs, two devices"
	on btrfs "${block}p1" two_devices -d single -m single "${block}p2"
}

# ---- f2fs ----

f2fs_compressed()
{
	mkdir "$mount/dir"
	if ! chattr +c "$mount/dir"; then
		skip "$what" "this kernel has no compression in f2fs"
		return
	fi
	cp "$mount/file" "$mount/dir/file"
	sync
	refused "$what" "EOPNOTSUPP: the file has the attribute of compressed files" \
		"$mount/dir/file"
	point "$what: a file without the attribute" "$map_file" check "$mount/file"
	chmod 644 "$mount/file"
	chmod 755 "$mount" "$work"
	says "$what: the super block is for who may read the drive" "the super block of f2fs" \
		not as_nobody "$map_file" show "$mount/file"
}

f2fs_devices()
{
	refused "$what" "EOPNOTSUPP: the f2fs has several devices" "$mount/file"
}

test_f2fs()
{
	local what="f2fs, compressed" mount_options=compress_algorithm=lz4

	on f2fs "${block}p1" f2fs_compressed -O extra_attr,compression
	what="f2fs, two devices" mount_options=
	on f2fs "${block}p1" f2fs_devices -c "${block}p2"
}

# ---- xfs ----

realtime()
{
	refused "$what" "EOPNOTSUPP: the file is on the realtime device" "$mount/real"
}

test_xfs()
{
	local what="xfs, realtime"

	point "$what: mkfs" mkfs.xfs -q -f -r "rtdev=${block}p2" "${block}p1" &&
		point "$what: mount" mount -o "rtdev=${block}p2" "${block}p1" "$mount" || return
	xfs_io -f -c "chattr +r" -c "pwrite -q 0 300000" -c fsync "$mount/real"
	realtime
	cp /etc/passwd "$mount/file"
	point "$what: a file on the data device" "$map_file" check "$mount/file"
	end_fs
}

begin
need mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.f2fs sfdisk setpriv chattr dmsetup xfs_io mkswap
begin_files
point "create a drive" create_drive map size=1G block_size=4096 || finish
test_ext4
test_devices
wipefs -qa "$block"
point "two partitions" sfdisk -q "$block" <<-END
	label: gpt
	start=2MiB, size=500MiB
	start=510MiB, size=500MiB
END
settle
test_btrfs
test_f2fs
test_xfs
point "remove the drive" delete_drive map
finish

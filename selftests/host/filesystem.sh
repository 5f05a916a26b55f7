#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test partitions and file systems on a drive.
. ../lib/lib.sh

declare -A mkfs=([ext4]="mkfs.ext4 -q -F" [xfs]="mkfs.xfs -q -f")
declare -A fsck=([ext4]="e2fsck -fn" [xfs]="xfs_repair -n")

make_tree()
{
	local i

	mkdir -p "$1/some/deep/directory"
	for i in 1 2 3 4 5 6 7 8; do
		random "$1/some/deep/directory/file-$i" $((i * 700001))
		ln -s "file-$i" "$1/some/deep/directory/link-$i"
	done
	cp -r /etc/default "$1/small"
}

tree_sum()
{
	(cd "$1" && find . -path ./lost+found -prune -o -type f -exec md5sum {} + | sort -k2 |
		md5sum)
}

# file_system TYPE DEVICE NAME
file_system()
{
	local type=$1 device=$2 what=$3 mount=$work/mnt before

	mkdir -p "$mount"
	# shellcheck disable=SC2086 # a command with options
	point "$what: mkfs" ${mkfs[$type]} "$device"
	point "$what: mount, with discard" mount -o discard "$device" "$mount" || return
	make_tree "$mount"
	before=$(tree_sum "$mount")
	point "$what: umount" umount "$mount"
	settle
	point "$what: mount again" mount "$device" "$mount" || return
	is "$what: every file is unchanged" "$(tree_sum "$mount")" "$before"
	point "$what: delete files" rm -r "$mount/some"
	point "$what: fstrim" fstrim "$mount"
	fails "$what: no power off while it is mounted" "Device or resource busy" \
		set_attribute "$name" power 0
	point "$what: umount again" umount "$mount"
	# shellcheck disable=SC2086 # a command with options
	point "$what: fsck" ${fsck[$type]} "$device"
	settle
}

# Make two partitions; the data of the second must be at the offset that the table gives.
partitions()
{
	local what=$1 first second

	random "$work/data" 1048576
	point "$what: a GPT" sfdisk -q "$block" <<-END || return
		label: gpt
		start=2048KiB, size=8192KiB
		start=16384KiB, size=400MiB
	END
	settle
	first=${block}p1
	second=${block}p2
	is "$what: nodes" "$(ls "$block"p*)" "$first"$'\n'"$second"
	is "$what: size of partition 1" "$(blockdev --getsize64 "$first")" 8388608
	point "$what: write to partition 2" dd if="$work/data" of="$second" bs=1M oflag=direct
	is "$what: the data is at its place on the drive" \
		"$(dd if="$block" bs=1M skip=16 count=1 iflag=direct status=none | md5sum)" \
		"$(md5sum <"$work/data")"
	fails "$what: a write past the end of partition 1" "No space left" \
		dd if=/dev/zero of="$first" bs=1M seek=8 count=1 oflag=direct
	fails "$what: no power off while a partition is open" "Device or resource busy" \
		power_off_while_open "$second"
	[ "$what" != "memory 4096" ] || file_system ext4 "$second" "$what, ext4 on a partition"
	point "$what: write another table" sfdisk -q --delete "$block"
	settle
	is "$what: the old nodes are gone" "$(find /dev -maxdepth 1 -path "${block}p*")" ""
}

power_off_while_open()
{
	set_attribute "$name" power 0 3<"$1"
}

begin
need mkfs.ext4 mkfs.xfs e2fsck xfs_repair fstrim sfdisk
for backend in "memory 512" "memory 4096" "file 4096"; do
	options=(size=512M "block_size=${backend#* }")
	[ "${backend% *}" = memory ] || options+=("backing_file=$work/image")
	: >"$work/image"
	point "$backend: create a drive" create_drive fs "${options[@]}" || continue
	for type in ext4 xfs; do
		if grep -qw $type /proc/filesystems || modprobe -q $type; then
			file_system $type "$block" "$backend, $type"
		else
			skip "$backend, $type" "this kernel has no $type"
		fi
	done
	partitions "$backend"
	point "$backend: remove the drive" delete_drive fs
	rm "$work/image"
done
finish

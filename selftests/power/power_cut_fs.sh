#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Cut the power of a drive with a file system under load, several times: the journal is replayed,
# fsck finds no error, and each file that was synced is there.
# shellcheck disable=SC2154 # block: from lib.sh
. ../lib/lib.sh

declare -A mkfs=([ext4]="mkfs.ext4 -q -F" [xfs]="mkfs.xfs -q -f")
declare -A fsck=([ext4]="e2fsck -fn" [xfs]="xfs_repair -n")
SEEDS=3
FILES=6	# synced ones, each time

# Write data and names that are never synced, until the file system fails.
write_unsynced()
{
	local i

	for ((i = 0; ; i++)); do
		head -c 300000 /dev/urandom >"$mnt/unsynced-$((i % 8))" || break
		mv "$mnt/unsynced-$((i % 8))" "$mnt/moved-$((i % 8))" || break
	done 2>/dev/null
}

# synced SEED: write files and sync them. Their checksums are in $work, not on the drive.
synced()
{
	local i file

	for ((i = 0; i < FILES; i++)); do
		file=synced-$1-$i
		head -c $((100001 * (i + 1))) /dev/urandom |
			dd of="$mnt/$file" bs=64k iflag=fullblock conv=fsync status=none || return 1
		(cd "$mnt" && md5sum "$file") >>"$work/sums" || return 1
	done
}

is_dead()
{
	! dd if="$block" of=/dev/null bs=4k count=1 iflag=direct
}

# cut SEED: sync files, write others, and cut the power.
cut()
{
	local writer

	write_unsynced &
	writer=$!
	point "$what: write and sync files" synced "$1"
	point "$what: cut the power" set_attribute "$name" power_cut "$1"
	point "$what: the device fails all I/O" is_dead
	kill $writer
	wait $writer
	point "$what: umount" umount "$mnt"
}

come_back()
{
	settle
	set_attribute "$name" power 1 && settle && [ -b "$block" ]
}

synced_files_are_there()
{
	(cd "$mnt" && md5sum --quiet -c "$work/sums")
}

file_system()
{
	local type=$1 seed

	: >"$work/sums"
	# shellcheck disable=SC2086 # a command with options
	point "$type: mkfs" ${mkfs[$type]} "$block"
	point "$type: mount" mount -t "$type" "$block" "$mnt" || return
	for ((seed = 1; seed <= SEEDS; seed++)); do
		what="$type, seed $seed"
		cut $seed
		point "$what: power on again" come_back || return
		point "$what: mount, which replays the journal" mount -t "$type" "$block" "$mnt" ||
			return
		point "$what: every synced file is unchanged" synced_files_are_there
		point "$what: umount again" umount "$mnt"
		# shellcheck disable=SC2086 # a command with options
		point "$what: fsck" ${fsck[$type]} "$block"
		point "$what: mount again" mount -t "$type" "$block" "$mnt" || return
	done
	point "$type: umount" umount "$mnt"
}

begin
need mkfs.ext4 mkfs.xfs e2fsck xfs_repair
mnt=$work/mnt
mkdir "$mnt"
for type in ext4 xfs; do
	if ! grep -qw $type /proc/filesystems && ! modprobe -q $type; then
		skip "$type" "this kernel has no $type"
		continue
	fi
	: >"$work/image"
	point "$type: create a drive" create_drive cut size=400M cache_size=64M \
		"backing_file=$work/image" || continue
	file_system $type
	point "$type: remove the drive" delete_drive cut
	rm -f "$work"/image*
done
finish

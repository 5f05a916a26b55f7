#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test a backing file: any raw image can be one, and its errors become errors of the drive.
. ../lib/lib.sh

# mount_small NAME MIB: mount a new ext4 file system, small enough to fill.
mount_small()
{
	mkdir -p "$work/$1"
	truncate -s "$2M" "$work/$1.ext4"
	mkfs.ext4 -q -F "$work/$1.ext4" && mount -o loop "$work/$1.ext4" "$work/$1"
}

test_existing_image()
{
	local before

	random "$work/image" 20971520
	before=$(sum_of "$work/image")
	point "an image: create a drive on it" \
		create_drive file "backing_file=$work/image" || return
	is "an image: the drive has its size" "$(blockdev --getsize64 "$block")" 20971520
	is "an image: same bytes" "$(sum_of "$block")" "$before"
	fails "an image: a second drive is refused" "Device or resource busy" \
		create_drive second "backing_file=$work/image"
	rmdir $CONFIG/kst-second
	name=kst-file
	point "an image: remove the drive" delete_drive file
	is "an image: unchanged by reading" "$(sum_of "$work/image")" "$before"
}

# Test a size that is not a multiple of the LBA size: the drive ends before the last part, and does
# not change it.
test_odd_image()
{
	random "$work/image" 2097652
	tail -c 500 "$work/image" >"$work/tail"
	point "an odd image: create a drive on it" \
		create_drive file "backing_file=$work/image" || return
	is "an odd image: size in whole LBAs" "$(blockdev --getsize64 "$block")" 2097152
	point "an odd image: write all of it" \
		dd if=/dev/zero of="$block" bs=1M count=2 oflag=direct
	point "an odd image: remove the drive" delete_drive file
	is "an odd image: its end is unchanged" "$(tail -c 500 "$work/image" | md5sum)" \
		"$(md5sum <"$work/tail")"
}

# Test that written data is in the file after fsync, and after the drive is removed.
test_written()
{
	random "$work/data" 8388608
	truncate -s 8M "$work/image"
	point "writing: create a drive" create_drive file "backing_file=$work/image" || return
	point "writing: write with fsync" dd if="$work/data" of="$block" bs=1M conv=fsync
	is "writing: the data is in the file" "$(sum_of "$work/image")" "$(sum_of "$work/data")"
	point "writing: remove the drive" delete_drive file
	is "writing: the data stays in the file" "$(sum_of "$work/image")" "$(sum_of "$work/data")"
	point "again: create the drive again" create_drive file "backing_file=$work/image" || return
	is "again: its data is there" "$(sum_of "$block")" "$(sum_of "$work/data")"
	point "again: set a larger size" sh -c "echo 0 >$CONFIG/$name/power &&
		echo 16M >$CONFIG/$name/size && echo 1 >$CONFIG/$name/power"
	is "again: the file has the size chosen" "$(stat -c %s "$work/image")" 16777216
	is "again: its old data is unchanged" "$(sum_of "$block" 8388608)" "$(sum_of "$work/data")"
	point "again: remove the drive" delete_drive file
}

# refused NAME TEXT ATTRIBUTE=VALUE...: expect that power on fails, without a node or other remains.
refused()
{
	local what=$1 text=$2 before

	shift 2
	before=$(ls /dev)
	fails "$what" "$text" create_drive refused "$@"
	is "$what: no node" "$(ls /dev)" "$before"
	point "$what: rmdir" rmdir $CONFIG/kst-refused
}

test_refusals()
{
	random "$work/image" 4194304
	chmod 444 "$work/image"
	refused "a read-only file" "Permission denied" "backing_file=$work/image"
	chmod 644 "$work/image"
	refused "a missing file" "No such file" "backing_file=$work/nothing" size=4M
	refused "a directory" "Is a directory" "backing_file=$work" size=4M
	refused "a device" "Invalid argument" "backing_file=/dev/zero" size=4M
	refused "a relative path" "Invalid argument" "backing_file=image"
	refused "zones that cannot be" "Invalid argument" "backing_file=$work/image" size=8M \
		zone_size=1M conventional_zones=8
	is "the file has not grown" "$(stat -c %s "$work/image")" 4194304
	: >"$work/image"
	refused "an empty file without a size" "Invalid argument" "backing_file=$work/image"
	is "no refused drive made a file" "$(ls "$work/nothing" 2>&1)" \
		"ls: cannot access '$work/nothing': No such file or directory"
}

# Test a file that is larger than its file system: writes fail, reads work, nothing hangs.
full()
{
	local what=$1 dir=$2

	: >"$dir/image"
	point "$what: create a drive" create_drive file "backing_file=$dir/image" size=64M || return
	fails "$what: ENOSPC is an I/O error" "No space left on device" \
		timeout 120 dd if=/dev/urandom of="$block" bs=1M count=64 oflag=direct
	fails "$what: a write through the page cache fails at fsync" "" \
		timeout 120 dd if=/dev/urandom of="$block" bs=1M count=64 conv=fsync
	point "$what: reads still succeed" \
		timeout 120 dd if="$block" of=/dev/null bs=1M count=64 iflag=direct
	point "$what: free space" timeout 120 blkdiscard "$block"
	point "$what: writes succeed again" timeout 120 \
		dd if=/dev/urandom of="$block" bs=1M count=4 oflag=direct
	point "$what: remove the drive" timeout 120 bash -c ". ../lib/lib.sh; delete_drive file"
}

test_full()
{
	mkdir "$work/tmpfs"
	if mount -t tmpfs -o size=16M tmpfs "$work/tmpfs"; then
		full "a full tmpfs" "$work/tmpfs"
	else
		skip "a full tmpfs" "tmpfs cannot be mounted"
	fi
	if mount_small ext4 24; then
		full "a full ext4" "$work/ext4"
	else
		skip "a full ext4" "no loop device"
	fi
}

# Test a file on ext4, which the drive opens with O_DIRECT: data must be in the file without a
# flush.
test_direct()
{
	mount_small direct 64 || { skip "O_DIRECT" "no loop device"; return; }
	random "$work/data" 4194304
	: >"$work/direct/image"
	point "O_DIRECT: create a drive" \
		create_drive file "backing_file=$work/direct/image" size=4M ||
		return
	point "O_DIRECT: write" dd if="$work/data" of="$block" bs=1M oflag=direct
	is "O_DIRECT: the data is in the file without the page cache" \
		"$(dd if="$work/direct/image" bs=1M iflag=direct status=none | md5sum)" \
		"$(md5sum <"$work/data")"
	point "O_DIRECT: remove the drive" delete_drive file
}

# Test a backing file that makes no progress: power off waits for it, a reader of `power` does not.
test_stopped()
{
	local off read tries=0

	mount_small stopped 64 || { skip "a medium that has stopped" "no loop device"; return; }
	: >"$work/stopped/image"
	point "a medium that has stopped: create a drive" create_drive file \
		"backing_file=$work/stopped/image" size=4M cache_size=1M || return
	dd if=/dev/zero of="$block" bs=4k count=1 oflag=direct status=none
	fsfreeze -f "$work/stopped"
	echo 0 >"$CONFIG/$name/power" &
	off=$!
	while [ -e "$block" ] && [ $((tries++)) -lt 600 ]; do
		sleep 0.1
	done
	cat "$CONFIG/$name/power" >"$work/power" &
	read=$!
	tries=0
	while [ ! -s "$work/power" ] && [ $((tries++)) -lt 600 ]; do
		sleep 0.1
	done
	is "a medium that has stopped: the power attribute can be read" "$(cat "$work/power")" 1
	point "a medium that has stopped: power off waits" kill -0 $off
	fsfreeze -u "$work/stopped"
	wait $off $read
	is "a medium that has stopped: power off completes" "$(cat "$CONFIG/$name/power")" 0
	point "a medium that has stopped: remove the drive" delete_drive file
}

begin
need mkfs.ext4 blkdiscard fsfreeze
test_existing_image
test_odd_image
test_written
test_refusals
test_direct
test_full
test_stopped
finish

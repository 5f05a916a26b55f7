#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test data that could not be written to the disk of the backing file: flushes must fail, even after
# the disk works again, and the drive reports the loss until power off.
. ../lib/lib.sh
. ./dm_lib.sh

image=
data=

# fresh [DIRECTORY]: create an image that has blocks, but no data.
fresh()
{
	image=${1:-$work/dm}/image
	rm -f "$image" "$image.kcsd"
	fallocate -l 8M "$image"
	read -r first _ < <(dm_blocks_of "$image")
}

# Create a drive with LBAs of 512 bytes, which uses the page cache.
drive()
{
	create_drive lost "backing_file=$image" block_size=512 size=8M max_program_bytes=64K "$@"
}

power()
{
	settle
	set_attribute kst-lost power "$1"
}

# write_block OFFSET [FLAG]: write 4 KiB of $data.
write_block()
{
	dd if="$data" of="$block" bs=4k count=1 seek="$1" oflag=direct"${2:+,$2}" \
		conv=notrunc,nocreat
}

flush()
{
	nvme flush "$generic" -n 1
}

attribute()
{
	cat "/sys/class/kcsd/kcsd$index/$1"
}

warning()
{
	nvme smart-log "$ctrl" -o json | number_of critical_warning
}

# Send two flushes to a stopped disk, then let it continue.
two_flushes()
{
	local one two

	(exec nvme flush "$generic" -n 1) >/dev/null 2>&1 &
	one=$!
	(exec nvme flush "$generic" -n 1) >/dev/null 2>&1 &
	two=$!
	wait_in_ioctl $one $two
	dm_go
	wait $one && echo "the first succeeds"
	wait $two && echo "the second succeeds"
}

# all_fail NAME: expect that writes of every kind and flushes fail, and reads do not.
all_fail()
{
	fails "$1: a flush" "" flush
	fails "$1: a flush of the block node" "" sync "$block"
	fails "$1: a write" "" write_block 100
	fails "$1: a write with FUA" "" write_block 100 dsync
	fails "$1: a discard" "" blkdiscard -o 1M -l 1M "$block"
	fails "$1: Write Uncorrectable" "" nvme write-uncor "$generic" -n 1 -s 0 -c 0
	fails "$1: zeroes" "" blkdiscard -z -o 1M -l 1M "$block"
	point "$1: a read succeeds" dd if="$block" of=/dev/null bs=4k count=1 iflag=direct
}

# told NAME: expect that the drive reports the loss in every way that it can.
told()
{
	is "$1: sysfs" "$(attribute data_lost)" 1
	is "$1: SMART: unreliable, read-only" "$(warning)" 12
	is "$1: the library" "$("$kcsd" info --json "$ctrl" | number_of critical_warning)" 12
	point "$1: the error log" test \
		"$(nvme error-log "$ctrl" -o json | number_of error_count)" -gt 0
	is "$1: the kernel log, once" "$(dmesg | grep -c "kcsd$index: data that was written is lost")" 1
}

well()
{
	is "$1: sysfs" "$(attribute data_lost)" 0
	is "$1: SMART" "$(warning)" 0
	point "$1: a write" write_block 0
	point "$1: a flush" flush
}

# plain NAME ATTRIBUTE...: test a drive with these attributes.
plain()
{
	local what=$1

	shift
	fresh
	point "$what: create a drive" drive "$@" || return
	well "$what: before"
	dmesg -C
	dm_fail "$first" 16
	point "$what: a write reaches the page cache" write_block 0
	fails "$what: the flush fails" "" flush
	dm_fail
	all_fail "$what, the disk is well again"
	told "$what"
	point "$what: power off" power 0
	point "$what: power on" power 1
	well "$what: after"
	point "$what: remove the drive" delete_drive lost
}

# has FILE: true if the first 4 KiB of the drive are those of FILE.
has()
{
	dd if="$block" bs=4k count=1 iflag=direct status=none | cmp - "$1"
}

# Test data that could not be written back. It stays in the page cache, and looks as if it had been
# written.
test_cached()
{
	fresh
	point "cached: create a drive" drive || return
	point "cached: write data" write_block 0
	point "cached: flush" flush
	dm_fail "$first" 16
	data=$work/other
	point "cached: write other data" write_block 0
	data=$work/data
	fails "cached: the flush fails" "" flush
	dm_fail
	point "cached: power off" power 0
	point "cached: power on" power 1
	point "cached: reads return the data on the disk" has "$work/data"
	point "cached: a flush" flush
	echo 1 >/proc/sys/vm/drop_caches
	point "cached: the data is on the disk" has "$work/data"
	point "cached: remove the drive" delete_drive lost
}

# Test the same with a loss by another process, while the drive was off.
test_cached_before()
{
	fresh
	point "before power on: create a drive" drive || return
	point "before power on: write data" write_block 0
	point "before power on: power off" power 0
	dm_fail "$first" 16
	dd if="$work/other" of="$image" conv=notrunc status=none
	fails "before power on: a sync of the file" "" sync "$image"
	dm_fail
	point "before power on: power on" power 1
	point "before power on: reads return the data on the disk" has "$work/data"
	well "before power on"
	point "before power on: remove the drive" delete_drive lost
}

# Test a writeback error that another process was told of: the drive must still report it.
test_told_to_another()
{
	local what="an error that another was told of${1:+, $1}"

	fresh "${2-}"
	point "$what: create a drive" drive || return
	dm_fail "$first" 16
	point "$what: a write" write_block 0
	fails "$what: fsync of the other file" "" sync "$image"
	dm_fail
	all_fail "$what"
	point "$what: remove the drive" delete_drive lost
}

# test_two_flushes NAME [DIRECTORY]: test that two flushes at the same time both fail.
test_two_flushes()
{
	local what=$1

	fresh "${2-}"
	point "$what: create a drive without a sidecar" drive sidecar=0 || return
	point "$what: a write" write_block 0
	dm_stop
	dm_fail_next "$first" 16
	is "$what: both flushes fail" "$(two_flushes)" ""
	dm_fail
	all_fail "$what"
	point "$what: remove the drive" delete_drive lost
}

# Test a file on overlayfs: its inode belongs to overlayfs, but the errors are those of the real
# file.
test_overlayfs()
{
	mkdir "$work/dm/upper" "$work/dm/work" "$work/lower" "$work/over"
	modprobe -q overlay
	point "overlayfs: mount" mount -t overlay overlay "$work/over" \
		-o "lowerdir=$work/lower,upperdir=$work/dm/upper,workdir=$work/dm/work" || return
	test_told_to_another overlayfs "$work/over"
	test_two_flushes "overlayfs: two flushes" "$work/over"
	rm -f "$work/over/image"
	point "overlayfs: umount" umount "$work/over"
}

# zone NUMBER: print "condition wp", with wp in 512-byte sectors from the start of the zone.
zone()
{
	blkzone report -o $(($1 * 2048)) -c 1 "$block" |
		sed -n 's/.*wptr \(0x[0-9a-f]*\).*zcond:[^(]*(\([^)]*\)).*/\2 \1/p'
}

# Test that no write pointer moves past lost data, and that no zone changes.
test_zones()
{
	fresh
	point "zones: create a drive" drive zone_size=1M || return
	point "zones: write 4 KiB to zone 1" write_block 256
	point "zones: flush" flush
	dmesg -C
	dm_fail $((first + 257)) 16
	point "zones: write 4 KiB more" write_block 257
	fails "zones: the flush fails" "" flush
	dm_fail
	fails "zones: an append" "" nvme zns zone-append "$generic" -n 1 -s $((2 * 2048)) -z 512 \
		-d "$work/data"
	fails "zones: a reset" "" blkzone reset -o 2048 -c 1 "$block"
	fails "zones: finish" "" blkzone finish -o 2048 -c 1 "$block"
	all_fail "zones"
	is "zones: the zone is unchanged" "$(zone 1)" "oi 0x000010"
	told "zones"
	point "zones: power off" power 0
	point "zones: power on" power 1
	is "zones: the write pointer is before the lost data" "$(zone 1)" "cl 0x000008"
	point "zones: write there" write_block 257
	point "zones: a flush" flush
	point "zones: remove the drive" delete_drive lost
}

# Test a failing disk under the sidecar.
test_sidecar()
{
	local blocks

	fresh
	point "sidecar: create a drive" drive zone_size=1M || return
	point "sidecar: write 4 KiB to zone 1" write_block 256
	point "sidecar: flush" flush
	dmesg -C
	mapfile -t blocks < <(dm_blocks_of "$image.kcsd" | sort -n | tr ' ' '\n')
	dm_fail "${blocks[@]}"
	point "sidecar: write 4 KiB more" write_block 257
	fails "sidecar: the flush fails" "" flush
	dm_fail
	all_fail "sidecar"
	told "sidecar"
	point "sidecar: power off" power 0
	point "sidecar: power on" power 1
	is "sidecar: flushed data is there" "$(zone 1 | cut -d' ' -f1)" cl
	is "sidecar: other data is not there" "$(zone 1)" "cl 0x000008"
	point "sidecar: a flush" flush
	point "sidecar: remove the drive" delete_drive lost
}

# fail_sidecar: make the disk fail where the sidecar is.
fail_sidecar()
{
	local blocks

	mapfile -t blocks < <(dm_blocks_of "$image.kcsd" | sort -n | tr ' ' '\n')
	dm_stop
	dm_fail_next "${blocks[@]}"
}

wait_for_disk()
{
	until grep -q '^State:.*D' "/proc/$1/status" 2>/dev/null; do
		[ -d "/proc/$1" ] || return 1
	done
}

is_active()
{
	cat "/sys/class/kcsd/kcsd$index/programs/3/active"
}

# Test that no run begins before the activation is recorded, because recording may still fail.
test_activation()
{
	local activation

	fresh
	point "activation: create a drive" drive || return
	point "activation: load a program to stay" "$kcsd" load -d "kcsd$index" --persist -i 3 \
		"$bpf/sum.bpf.o"
	fail_sidecar
	"$kcsd" activate -d "kcsd$index" 3 >/dev/null 2>&1 &
	activation=$!
	point "activation: activation waits for the disk" wait_for_disk $activation
	is "activation: not active while it waits" "$(is_active)" 0
	dm_go
	wait $activation && echo "# it should have failed"
	is "activation: not active after it failed" "$(is_active)" 0
	dm_fail
	fails "activation: a run" "" "$kcsd" run -d "kcsd$index" -i 3
	point "activation: remove the drive" delete_drive lost
}

begin
need nvme blkzone fallocate blkdiscard
find_kcsd
begin_dm
random "$work/data" 4096
random "$work/other" 4096
data=$work/data
plain "a backing file"
plain "without a sidecar" sidecar=0
plain "cached" cache_size=256K
test_cached
test_cached_before
test_told_to_another
test_two_flushes "two flushes"
test_overlayfs
test_zones
test_sidecar
test_activation
finish

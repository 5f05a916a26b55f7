#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test what a drive retains over power off: zones, programs, UUID and names; and sidecars that are
# refused: damaged, missing, or of another drive.
. ../lib/lib.sh

ZONED="size=16M zone_size=1M zone_capacity=768K conventional_zones=1 max_program_bytes=64K"

zoned()
{
	# shellcheck disable=SC2086 # words
	create_drive side "backing_file=$work/image" $ZONED "$@"
}

power()
{
	settle
	set_attribute kst-side power "$1"
}

again()
{
	power 0 && power 1 && settle
}

fresh()
{
	rm -f "$work/image" "$work/image.kcsd"*
	: >"$work/image"
}

# zone NUMBER: print "condition wp", with wp in 512-byte sectors from the start of the zone.
zone()
{
	blkzone report -o $(($1 * 2048)) -c 1 "$block" |
		sed -n 's/.*wptr \(0x[0-9a-f]*\).*zcond:[^(]*(\([^)]*\)).*/\2 \1/p'
}

write_zone()
{
	dd if="$work/data" of="$block" bs=64k count="$2" seek=$(($1 * 16)) oflag=direct \
		conv=notrunc,nocreat "${@:3}" 2>&1
}

says()
{
	point "$1" grep -qF -- "$2" "$work/.log"
}

# refuses NAME TEXT ERROR: expect that power on fails with ERROR and logs TEXT.
refuses()
{
	dmesg -C
	fails "$1" "$3" set_attribute kst-side power 1
	dmesg >"$work/.log"
	says "$1: the kernel log says why" "$2"
	says "$1: and names the file" "$work/image"
}

uuid()
{
	cat "/sys/class/kcsd/kcsd$index/uuid"
}

# Print the UUID of the drive, and all names of namespace 1, from sysfs and from commands.
names()
{
	uuid
	(cd "/sys/block/$(basename "$block")" && cat wwid uuid nguid && tr -d ' ' <eui)
	nvme id-ns "$generic" -n 1 | sed -n 's/^\(nguid\|eui64\) *: *//p'
}

test_zones()
{
	local i before

	fresh
	random "$work/data" 1048576
	point "create a zoned drive" zoned || return
	point "a sidecar" test -f "$work/image.kcsd"
	before=$(names)
	is "its names: all exist" "$(wc -w <<<"$before")" 7
	point "zone 1: 4 blocks of 64K" write_zone 1 4 conv=fsync
	point "zone 2: filled" write_zone 2 12 conv=fsync
	point "zone 3: written and finished" eval \
		'write_zone 3 2 && blkzone finish -o $((3 * 2048)) -c 1 "$block"'
	point "open zone 4" blkzone open -o $((4 * 2048)) -c 1 "$block"
	point "zone 5: written and reset" eval \
		'write_zone 5 2 conv=fsync && blkzone reset -o $((5 * 2048)) -c 1 "$block"'
	point "set zone 6 offline" set_attribute kst-side zone_offline 6
	point "zone 7: written, read-only" eval \
		'write_zone 7 3 && set_attribute kst-side zone_readonly 7'
	point "zone 8: written, no flush" write_zone 8 5
	point "the conventional zone" write_zone 0 3
	for i in 1 2; do
		point "power cycle $i" again
		is "$i: zone 1" "$(zone 1)" "cl 0x000200"
		is "$i: zone 2" "$(zone 2 | cut -d' ' -f1)" "fu"
		is "$i: zone 3" "$(zone 3 | cut -d' ' -f1)" "fu"
		is "$i: zone 4" "$(zone 4)" "em 0x000000"
		is "$i: zone 5" "$(zone 5)" "em 0x000000"
		is "$i: zone 6" "$(zone 6 | cut -d' ' -f1)" "of"
		is "$i: zone 7" "$(zone 7 | cut -d' ' -f1)" "ro"
		is "$i: zone 8" "$(zone 8)" "cl 0x000280"
		is "$i: its names" "$(names)" "$before"
		is "$i: data of zone 8" \
			"$(dd if="$block" bs=64k skip=128 count=5 iflag=direct status=none | md5sum)" \
			"$(head -c 327680 "$work/data" | md5sum)"
		is "$i: data of the reset zone" \
			"$(dd if="$block" bs=64k skip=80 count=2 iflag=direct status=none | md5sum)" \
			"$(head -c 131072 /dev/zero | md5sum)"
	done
	point "write at the write pointer" eval \
		'dd if="$work/data" of="$block" bs=64k count=1 seek=20 oflag=direct conv=notrunc 2>&1'
	fails "write elsewhere" "" write_zone 1 1
}

# Test that a reader of the sidecar sees everything that was flushed, while the drive is on.
test_flushed()
{
	is "flushed state is in the file" "$($kcsd fsck --zones "$work/image" | grep '^zone 1:')" \
		"zone 1: closed, 64 of 192 LBAs written"
	point "a write without flush" write_zone 9 2
	is "unflushed state is not in the file" \
		"$($kcsd fsck --zones "$work/image" | grep '^zone 9:')" \
		"zone 9: empty, 0 of 192 LBAs written"
	point "flush" sync "$block"
	is "state after a flush is in the file" \
		"$($kcsd fsck --zones "$work/image" | grep '^zone 9:')" \
		"zone 9: closed, 32 of 192 LBAs written"
	point "a write with FUA" write_zone 10 1 oflag=direct,dsync
	is "state after FUA is in the file" \
		"$($kcsd fsck --zones "$work/image" | grep '^zone 10:')" \
		"zone 10: closed, 16 of 192 LBAs written"
	point "reset" blkzone reset -o $((10 * 2048)) -c 1 "$block"
	is "a reset is in the file at once" \
		"$($kcsd fsck --zones "$work/image" | grep '^zone 10:')" \
		"zone 10: empty, 0 of 192 LBAs written"
	point "reset all" blkzone reset "$block"
	is "reset all: worn out zones are unchanged" \
		"$($kcsd fsck "$work/image" | grep -E '^[a-z-]+: [0-9]+$' |
		grep -v -e conventional -e programs | paste -sd' ')" "empty: 13 read-only: 1 offline: 1"
}

test_gone()
{
	local before

	before=$(names)
	point "remove the drive" delete_drive side
	point "create it again in another directory" zoned || return
	is "its zones are unchanged" "$(zone 6 | cut -d' ' -f1)" "of"
	is "its names are unchanged" "$(names)" "$before"
}

# Test a copy of the files: it is the same drive, until it gets another UUID.
test_copy()
{
	local attribute before

	before=$(names)
	point "a copy: copy both files" eval \
		'power 0 && cp "$work/image" "$work/copy" && cp "$work/image.kcsd" "$work/copy.kcsd"'
	point "a copy: create the original again" power 1
	mkdir $CONFIG/kst-copy
	set_attribute kst-copy backing_file "$work/copy"
	for attribute in $ZONED; do
		set_attribute kst-copy "${attribute%%=*}" "${attribute#*=}"
	done
	dmesg -C
	fails "a copy: refused beside the original" "File exists" set_attribute kst-copy power 1
	dmesg >"$work/.log"
	says "a copy: the kernel log says why" "kcsd$index has the same UUID"
	point "a copy: accepted alone, as the original" eval \
		'power 0 && set_attribute kst-copy power 1 && set_attribute kst-copy power 0'
	point "a copy: write a new UUID" "$kcsd" new-uuid "$work/copy"
	point "a copy: both drives power on" eval 'power 1 && set_attribute kst-copy power 1'
	is "a copy: the names of the original" "$(names)" "$before"
	is "a copy: the zones of the copy" "$(cat $CONFIG/kst-copy/zone_offline)" 6
	is "a copy: its names differ from those of the original" "$(copy_names | grep -cxFf \
		<(tr ' ' '\n' <<<"$before"))" 0
	rmdir $CONFIG/kst-copy
}

copy_names()
{
	local index block generic

	index=$(cat $CONFIG/kst-copy/index)
	block=/dev/kcsd${index}n1
	generic=/dev/kcsdg${index}n1
	names
}

# differs NAME TEXT ATTRIBUTE=VALUE BACK: expect that power on is refused, then set BACK.
differs()
{
	point "$1: set" set_attribute kst-side "${3%%=*}" "${3#*=}"
	refuses "$1" "$2" "Invalid argument"
	set_attribute kst-side "${3%%=*}" "$4"
}

test_other_drive()
{
	write_zone 1 1 conv=fsync >/dev/null
	point "power off" power 0
	differs "another zone size" "zone_size is 2097152, but the sidecar" zone_size=2M 1M
	differs "another capacity" "zone_capacity is 1048576, but" zone_capacity=1M 768K
	differs "other conventional zones" "conventional_zones is 2, but" conventional_zones=2 1
	differs "another block size" "block_size is 512, but" block_size=512 4096
	differs "another size" "size is 33554432, but" size=32M 16M
	truncate -s 16M "$work/image"
	fails "no sidecar with zones" "Invalid argument" eval \
		'set_attribute kst-side sidecar 0; set_attribute kst-side power 1'
	set_attribute kst-side sidecar 1
	point "its own sidecar: power on" power 1
	is "its zones are unchanged" "$(zone 1)" "cl 0x000080"
	point "power off again" power 0
}

# Test damage: one byte in each important place, and the file as a whole.
test_damaged()
{
	cp "$work/image.kcsd" "$work/good"
	printf '\377' | dd of="$work/image.kcsd" bs=1 seek=100 conv=notrunc status=none
	printf '\377' | dd of="$work/image.kcsd" bs=1 seek=2097252 conv=notrunc status=none
	dmesg -C
	point "one damaged byte: power on" power 1
	is "the zones are unchanged" "$(zone 1)" "cl 0x000080"
	point "power off" power 0
	point "the file is repaired" eval '! $kcsd fsck "$work/image" | grep damaged'
	truncate -s 1000000 "$work/image.kcsd"
	refuses "a cut file" "cannot be used" "Structure needs cleaning"
	fails "kcsd fsck reports the damage" "$work/image.kcsd" "$kcsd" fsck "$work/image"
	: >"$work/image.kcsd"
	refuses "an empty file" "it has no valid header" "Structure needs cleaning"
	echo "my notes" >"$work/image.kcsd"
	refuses "a foreign file" "it has no valid header" "Structure needs cleaning"
	is "the file is unchanged" "$(cat "$work/image.kcsd")" "my notes"
	rm "$work/image.kcsd"
	mkdir "$work/image.kcsd"
	refuses "a directory" "not a regular file" "Is a directory"
	rmdir "$work/image.kcsd"
	refuses "no sidecar, but data" "has data, but there is no sidecar" "No such file"
	point "no sidecar was made" test ! -e "$work/image.kcsd"
}

# Test that data can be read without the sidecar: by a drive without zones.
test_lost()
{
	point "lost: no zones" eval 'for a in zone_size zone_capacity conventional_zones; do
		set_attribute kst-side $a 0; done'
	point "lost: it powers on" power 1
	is "lost: its data can be read" \
		"$(dd if="$block" bs=64k skip=16 count=1 iflag=direct status=none | md5sum)" \
		"$(head -c 65536 "$work/data" | md5sum)"
	fails "a new UUID for a drive that is on" "powered on" "$kcsd" new-uuid "$work/image"
	point "remove the drive" delete_drive side
}

test_programs()
{
	fresh
	point "programs: create a drive" zoned || return
	point "programs: load a saved program" \
		"$kcsd" load -d "kcsd$index" --persist -i 3 -a "$bpf/csv.bpf.o"
	point "programs: load a saved program, not active" \
		"$kcsd" load -d "kcsd$index" --persist -i 5 "$bpf/word.bpf.o"
	point "programs: load a program that is not saved" \
		"$kcsd" load -d "kcsd$index" -i 4 "$bpf/sum.bpf.o"
	point "programs: load and unload a saved program" \
		eval '"$kcsd" load -d "kcsd$index" --persist -i 6 \
		"$bpf/sum.bpf.o" && "$kcsd" unload -d "kcsd$index" 6'
	is "programs: marked as saved" "$(cat "/sys/class/kcsd/kcsd$index/programs/3/persistent")" 1
	is "programs: not marked as saved" \
		"$(cat "/sys/class/kcsd/kcsd$index/programs/4/persistent")" 0
	point "programs: power cycle" again
	is "programs: the saved programs are there" \
		"$(cd "/sys/class/kcsd/kcsd$index/programs" && echo [0-9])" "3 5"
	is "programs: active" "$(cat "/sys/class/kcsd/kcsd$index/programs/3/active")" 1
	is "programs: not active" "$(cat "/sys/class/kcsd/kcsd$index/programs/5/active")" 0
	point "programs: exchange which is active" eval '"$kcsd" deactivate -d "kcsd$index" 3 &&
		"$kcsd" activate -d "kcsd$index" 5'
	point "programs: power cycle again" again
	is "programs: deactivated" "$(cat "/sys/class/kcsd/kcsd$index/programs/3/active")" 0
	is "programs: activated" "$(cat "/sys/class/kcsd/kcsd$index/programs/5/active")" 1
	is "programs: kcsd fsck counts them" \
		"$("$kcsd" fsck "$work/image" | sed -n 's/^programs: //p')" 2
	point "programs: power off" power 0
	set_attribute kst-side max_programs 5
	refuses_program "programs: too few indices" "max_programs is 5: too little for program 5"
	set_attribute kst-side max_programs 64
	set_attribute kst-side max_program_bytes 4096
	refuses_program "programs: too little room" "max_program_bytes is 4096: too little for program"
	set_attribute kst-side max_program_bytes 64K
	point "programs: power on" power 1
	point "programs: remove the drive" delete_drive side
	point "programs: create a drive in memory" create_drive side size=16M
	fails "programs: a saved program is refused" "Invalid Field" \
		"$kcsd" load -d "kcsd$index" --persist "$bpf/sum.bpf.o"
	point "programs: remove the drive" delete_drive side
}

refuses_program()
{
	dmesg -C
	fails "$1" "Invalid argument" set_attribute kst-side power 1
	dmesg >"$work/.log"
	says "$1: the kernel log says why" "$2"
}

# Test a drive without zones: power on accepts any size and LBA size, and the UUID stays.
test_plain()
{
	local before

	fresh
	point "plain: create a drive" create_drive side "backing_file=$work/image" size=8M || return
	before=$(uuid)
	point "plain: power off" power 0
	set_attribute kst-side size 12M
	set_attribute kst-side block_size 512
	point "plain: change the size" power 1
	is "plain: the same UUID" "$(uuid)" "$before"
	point "plain: set zones: there is no data yet" \
		eval 'power 0 && set_attribute kst-side zone_size 1M && power 1'
	is "plain: still the same UUID" "$(uuid)" "$before"
	point "plain: remove the drive" delete_drive side
	fresh
	point "plain: create a drive without a sidecar" \
		create_drive side "backing_file=$work/image" size=8M sidecar=0
	point "plain: no sidecar exists" test ! -e "$work/image.kcsd"
	point "plain: remove the drive" delete_drive side
	fresh
	point "plain: create a drive" \
		create_drive side "backing_file=$work/image" size=8M
	fails "plain: the sidecar is refused as a backing file" "Device or resource busy" \
		create_drive other "backing_file=$work/image.kcsd"
	rmdir $CONFIG/kst-other
	point "plain: remove the drive" delete_drive side
}

# Test a full file system under the sidecar: changes that must be durable fail, and work when there
# is space.
test_full()
{
	local attribute before

	fresh
	mkdir -p "$work/small"
	mount -t tmpfs -o size=4M tmpfs "$work/small" ||
		{ skip "a full file system" "no tmpfs"; return; }
	ln -s "$work/image" "$work/small/image"
	dd if=/dev/zero of="$work/small/fill" bs=4k 2>/dev/null
	mkdir $CONFIG/kst-side
	for attribute in "backing_file=$work/small/image" $ZONED; do
		set_attribute kst-side "${attribute%%=*}" "${attribute#*=}"
	done
	fails "full: the drive is refused" "No space left" set_attribute kst-side power 1
	point "full: no sidecar was made" test ! -e "$work/small/image.kcsd"
	rmdir $CONFIG/kst-side
	rm "$work/small/fill"
	# shellcheck disable=SC2086 # words
	point "room: create a drive" \
		create_drive side "backing_file=$work/small/image" $ZONED || return
	point "room: a flush succeeds" flushes 1
	dd if=/dev/zero of="$work/small/fill" bs=4k 2>/dev/null
	fails "full again: flushes fail in the end" "No space left" flushes 60
	fails "full again: resets fail" "" blkzone reset -o $((2 * 2048)) -c 1 "$block"
	rm "$work/small/fill"
	point "room again: flushes succeed" flushes 3
	before=$(zone 2)
	point "room again: power cycle" again
	is "room again: the zone is unchanged" "$(zone 2)" "${before/oi/cl}"
	point "full: remove the drive" delete_drive side
	umount "$work/small"
}

# flushes COUNT: write one block to zone 2 and flush, COUNT times.
flushes()
{
	python3 - "$block" "$1" <<-'END'
		import fcntl, mmap, os, struct, sys
		fd = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
		page = mmap.mmap(-1, 4096)
		for i in range(int(sys.argv[2])):
		    report = bytearray(struct.pack("QII", 2 * 2048, 1, 0) + bytes(64))
		    fcntl.ioctl(fd, 0xc0101282, report)
		    wp = struct.unpack_from("Q", report, 16 + 16)[0]
		    os.pwrite(fd, page, wp * 512)
		    os.fsync(fd)
	END
}

test_read_only_directory()
{
	mkdir -p "$work/ro" "$work/mnt"
	: >"$work/ro/image"
	mount --bind "$work/ro" "$work/mnt" && mount -o remount,bind,ro "$work/mnt" ||
		{ skip "a read-only directory" "no bind mount"; return; }
	mkdir $CONFIG/kst-side
	mount --bind "$work/ro/image" "$work/mnt/image" 2>/dev/null
	set_attribute kst-side backing_file "$work/mnt/image"
	set_attribute kst-side size 8M
	dmesg -C
	fails "a read-only directory" "Read-only file system" power 1
	rmdir $CONFIG/kst-side
	umount "$work/mnt/image" 2>/dev/null
	umount "$work/mnt"
}

begin
need blkzone python3 nvme
find_kcsd
test_zones
test_flushed
test_gone
test_copy
test_other_drive
test_damaged
test_lost
test_programs
test_plain
test_full
test_read_only_directory
finish

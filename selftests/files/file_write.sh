#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run programs that write files in place, and compare what becomes of the files with what sed makes
# of them; files that cannot be written so; others who want the file meanwhile. KCSD_TORTURE_RUNS: runs
# while blocks move, on each filesystem.
# shellcheck disable=SC2154 # block, kcsd, bpf: from lib.sh; mount, map_file: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

# redact FILE...: run the program on the files. Sets found and code.
redact()
{
	local file paths=()

	for file; do
		paths+=(--file "$file")
	done
	"$kcsd" run "$bpf/redact.bpf.o" --arg 99 "${paths[@]}" --json >"$work/.json" 2>"$work/.errors"
	code=$?
	found=$(jq .result "$work/.json")
}

# times_of FILE: its change and modification times.
times_of()
{
	stat -c '%.9Z %.9Y' "$1"
}

# Read a file by mmap.
mapped()
{
	xfs_io -r -c "mmap -r 0 $(stat -c %s "$1")" -c "mread -v 0 $(stat -c %s "$1")" "$1" | md5sum
}

write_file()
{
	local file=$mount/file before now

	sed s/99/xx/g "$work/text" >"$work/wanted"
	cat "$file" >/dev/null
	before=$(times_of "$file")
	redact "$file:w"
	now=$(times_of "$file")
	is "$what: so many were found" "$found" "$(grep -o 99 "$work/text" | wc -l)"
	point "$what: the file is as sed writes it" cmp "$file" "$work/wanted"
	cp "$work/wanted" "$mount/same"
	is "$what: by mmap, too" "$(mapped "$file")" "$(mapped "$mount/same")"
	rm "$mount/same"
	point "$what: ctime advances" [ "${now% *}" \> "${before% *}" ]
	point "$what: mtime advances" [ "${now#* }" \> "${before#* }" ]
	redact "$file:w"
	is "$what: nothing is left to find" "$found" 0
	point "$what: umount" umount "$mount"
	point "$what: mount" mount "$block" "$mount"
	point "$what: it is on the drive" cmp "$file" "$work/wanted"
}

# One file is written, the next is only read: what is found there cannot be overwritten.
write_one_of_two()
{
	local file=$mount/file

	restore
	cp "$work/text" "$mount/read"
	redact "$file:w" "$mount/read:r"
	is "$what: a file that is only read is not written" "$code" 4
	point "$what: a sentence says so" grep -q "the program may not write there" "$work/.errors" "$work/.json"
	point "$what: it is as it was" cmp "$mount/read" "$work/text"
	point "$what: the other is written" cmp "$file" "$work/wanted"
	restore
	mv "$file" "$mount/x:w"
	redact "$mount/x:w:r"
	point "$what: a path that ends with :w" cmp "$mount/x:w" "$work/text"
	redact "$mount/x:w:w"
	point "$what: it can be written" cmp "$mount/x:w" "$work/wanted"
	mv "$mount/x:w" "$file"
}

# Write the file as it was, in place.
restore()
{
	dd if="$work/text" of="$mount/file" conv=notrunc,fsync bs=1M status=none
}

# cannot NAME TEXT FILE: no program can write the file, which stays as it is, with its times.
cannot()
{
	local before

	before="$(md5sum <"$3") $(times_of "$3")"
	fails "$what: $1" "$2" "$kcsd" run "$bpf/redact.bpf.o" --arg 99 --file "$3:w"
	is "$what: $1: it is as it was" "$(md5sum <"$3") $(times_of "$3")" "$before"
}

# Refusals that all filesystems have.
refuse_common()
{
	local file=$mount/file

	exec 5<"$file"
	cannot "open elsewhere" "the file is open elsewhere" "$file"
	exec 5<&-
	fails "$what: the same file twice" "the file is open elsewhere" "$kcsd" run \
		"$bpf/redact.bpf.o" --arg 99 --file "$file:w" --file "$file:w"
}

refuse_unwritten()
{
	cp "$work/text" "$mount/hole"
	truncate -s +100000 "$mount/hole"
	cannot "a hole" "the file has a hole at byte" "$mount/hole"
	rm "$mount/hole"
	cp "$work/text" "$mount/unwritten"
	fallocate -o "$(stat -c %s "$work/text")" -l 1M "$mount/unwritten"
	cannot "unwritten" "has not been written yet" "$mount/unwritten"
	rm "$mount/unwritten"
}

refuse_clone()
{
	cp --reflink=always "$mount/file" "$mount/clone"
	cannot "a clone" "is shared with a clone or snapshot" "$mount/file"
	rm "$mount/clone"
	sync
}

# wanted NAME COMMAND...: a program that never ends has the file; the command wants it, and gets it
# within a few seconds. The lease would last for 45 s.
wanted()
{
	local name=$1 pid begin=$SECONDS

	shift
	"$kcsd" run "$bpf/tests/behave.bpf.o" --program spin --timeout 120000 --file "$mount/file:w" \
		>"$work/said" 2>&1 &
	pid=$!
	point "$what: $name: the run has begun" \
		becomes "/sys/class/kcsd/kcsd$index/units/running" 1
	point "$what: $name: it waits for the run to be cancelled" \
		timeout $((20 * ${KCSD_TEST_SLOW:-1})) "$@"
	wait $pid
	is "$what: $name: exit code" $? 1
	point "$what: $name: a sentence says so" \
		grep -q "another process wants to open a file that the program writes" "$work/said"
	point "$what: $name: long before the lease ends" \
		[ $((SECONDS - begin)) -lt $((30 * ${KCSD_TEST_SLOW:-1})) ]
}

# The process ends without a word: nobody sees old bytes, the file is free.
killed()
{
	local file=$mount/file pid

	cat "$file" >/dev/null
	"$kcsd" run "$bpf/tests/behave.bpf.o" --program spin --timeout 120000 --file "$file:w" \
		>"$work/said" 2>&1 &
	pid=$!
	point "$what: killed: the run has begun" \
		becomes "/sys/class/kcsd/kcsd$index/units/running" 1
	kill -KILL $pid
	wait $pid 2>/dev/null
	point "$what: killed: the file can be opened at once" timeout 20 cmp "$file" "$work/text"
	point "$what: killed: and written" restore
}

# Make the file. A pinned file of f2fs gets its blocks before it is written.
make_file()
{
	seq 200000 >"$work/text"
	sed s/99/xx/g "$work/text" >"$work/wanted"
	: >"$mount/file"
	if [ "$what" = f2fs ]; then
		"$map_file" pin "$mount/file" &&
			fallocate -l "$(stat -c %s "$work/text")" "$mount/file" || return
	fi
	restore
}

# on FILESYSTEM TYPE DEVICE [MKFS OPTION...]
on()
{
	local what=$1 found code

	shift
	make_fs "$@" || return
	point "$what: write a file" make_file
	write_file
	write_one_of_two
	restore
	refuse_common
	[ "$what" = f2fs ] || refuse_unwritten
	[ "$what" != xfs ] || refuse_clone
	wanted "open" cmp "$mount/file" "$work/text"
	[ "$what" = f2fs ] || wanted "truncate" perl -e 'truncate($ARGV[0], -s $ARGV[0]) or die "$!"' "$mount/file"
	killed
	torture_writes
	end_fs
}

# Move the blocks of other files, and free them.
move_blocks()
{
	while [ -e "$work/moving" ]; do
		"$map_file" scatter "$mount/left" 30 4096
		case $what in
		ext4) e4defrag -v "$mount" ;;
		xfs) xfs_fsr -v "$mount/left" "$mount"/other* ;;
		f2fs) "$map_file" gc "$mount/left" ;;
		esac
		rm -f "$mount/left"
	done >>"$work/moves" 2>&1
}

# Programs write while blocks are moved and become those of others: the other files stay as they are,
# and the file has its old bytes or the new ones at each place.
torture_writes()
{
	local mover i bad=0 done=0

	for i in 1 2 3; do
		"$map_file" interleave "$mount/other$i" "$mount/left" 200
	done
	rm -f "$mount/left"
	md5sum "$mount"/other* >"$work/sums"
	touch "$work/moving"
	: >"$work/moves"
	move_blocks &
	mover=$!
	for ((i = 0; i < ${KCSD_TORTURE_RUNS:-10}; i++)); do
		restore
		redact "$mount/file:w"
		[ "$found" != "$(grep -o 99 "$work/text" | wc -l)" ] || done=$((done + 1))
		sed s/99/xx/g "$mount/file" | cmp -s - "$work/wanted" || bad=$((bad + 1))
		md5sum --status -c "$work/sums" || bad=$((bad + 1))
	done
	rm "$work/moving"
	wait $mover
	is "$what: while blocks move: files with bytes that they never had" $bad 0
	point "$what: while blocks move: some of $i runs end well ($done)" [ $done -gt 0 ]
	echo "# $what: $(grep -cE "extents: ([2-9]|[1-9].+) -> 1|DONE|EAGAIN" "$work/moves") moves of blocks"
	rm -f "$mount"/other*
}

refuse_others()
{
	what="btrfs"
	make_fs btrfs "$block" -d single || return
	cp "$work/text" "$mount/file"
	cannot "refused" "nothing keeps balance from moving its blocks" "$mount/file"
	end_fs
	what="f2fs, not pinned"
	make_fs f2fs "$block" || return
	cp "$work/text" "$mount/file"
	cannot "refused" "only pinned files can be written in place" "$mount/file"
	end_fs
}

refuse_zoned()
{
	what="zoned f2fs"
	make_fs f2fs "$block" -m || return
	cp "$work/text" "$mount/file"
	cannot "refused" "is zoned: no file on it can be written in place" "$mount/file"
	end_fs
}

begin
need mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.f2fs e4defrag xfs_fsr xfs_io jq
find_kcsd
begin_files
point "create a drive" create_drive files size=512M || finish
on ext4 ext4 "$block"
on xfs xfs "$block"
on f2fs f2fs "$block"
refuse_others
point "remove the drive" delete_drive files
point "create a zoned drive" create_drive files size=256M zone_size=4M conventional_zones=8 || finish
refuse_zoned
point "remove the zoned drive" delete_drive files
finish

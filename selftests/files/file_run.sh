#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run programs on files of all filesystems that are known, and compare their results with those of
# the host.
# shellcheck disable=SC2154 # block, kcsd, bpf: from lib.sh; mount, map_file: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

# hashed FILE...: pass if the drive has the same SHA-256 of the files as the host.
hashed()
{
	local file paths=()

	for file; do
		paths+=(--file "$file")
	done
	is "$what: SHA-256 of ${*##*/}" "$("$kcsd" run "$bpf/sha256.bpf.o" "${paths[@]}" -o - 2>/dev/null |
		od -An -tx1 | tr -d ' \n')" "$(cat "$@" | sha256sum | cut -d ' ' -f 1)"
}

make_files()
(
	mkdir -p "$files" && cd "$files" || return
	: >empty
	printf x >one
	random small 100
	random odd 1000001
	truncate -s 1M hole
	random middle 70000
	truncate -s 1000000 middle
	seq 100000 >text
	"$map_file" scatter scattered 400 4096
)

# Output of more than fits in the drive, through a pipe that nobody reads for a while; and of a file
# that is written in that time.
check_output()
{
	yes "$(printf '%01000d' 7)" | head -n 18000 >"$mount/large"
	is "$what: output of 18 MB" "$("$kcsd" run "$bpf/grep.bpf.o" --file "$mount/large" -o - \
		2>/dev/null | md5sum)" "$(md5sum <"$mount/large")"
	cp "$mount/large" "$work/before"
	mkfifo "$work/pipe"
	"$kcsd" run "$bpf/grep.bpf.o" --file "$mount/large" -o "$work/pipe" >"$work/said" 2>&1 &
	exec 3<"$work/pipe"
	point "$what: the run waits for its reader" \
		becomes "/sys/class/kcsd/kcsd$index/units/waiting" 1
	point "$what: the file is written" dd if=/dev/zero of="$mount/large" bs=4096 seek=4000 count=1 \
		conv=notrunc,fsync status=none
	cat <&3 >"$work/got"
	exec 3<&-
	if wait $!; then
		point "$what: the output is that of the file before" cmp "$work/before" "$work/got"
		[ -z "$in_place" ] || point "$what: it was written before the run read it" false
	else
		point "$what: what was written of the output is right" \
			cmp -n "$(stat -c %s "$work/got")" "$work/before" "$work/got"
		point "$what: a sentence says that the rest is missing" \
			grep -q "a file changed after [0-9]* bytes of output" "$work/said"
		[ -n "$in_place" ] || point "$what: blocks that are not written again do not change" false
	fi
	rm -f "$work/pipe" "$work/got" "$mount/large"
}

check_runs()
{
	local files=$mount/files file

	point "$what: make files" make_files
	for file in "$files"/*; do
		hashed "$file"
	done
	hashed "$files/text" "$files/empty" "$files/small" "$files/hole" "$files/odd"
	is "$what: a word is counted" "$("$kcsd" run "$bpf/word.bpf.o" --arg 99 --file "$files/text" --json |
		jq .result)" "$(grep -o 99 "$files/text" | wc -l)"
	check_output
	[ "$what" != btrfs ] || compressed
}

# A file that no drive can read, on the host: the same result as that of the same bytes on the drive.
compressed()
{
	local file=$mount/compressed

	seq 200000 >"$file"
	btrfs property set "$file" compression zlib && btrfs filesystem defragment -czlib "$file"
	sync -f "$file"
	fails "$what: compressed" "--anywhere runs the program on the host" \
		"$kcsd" run "$bpf/sha256.bpf.o" --file "$file"
	is "$what: compressed, on the host" \
		"$("$kcsd" run "$bpf/sha256.bpf.o" --file "$file" --anywhere -o - 2>"$work/said" |
			od -An -tx1 | tr -d ' \n')" "$(sha256sum <"$file" | cut -d ' ' -f 1)"
	point "$what: it says so" grep -q "runs on the host, not on a drive: .*compress" "$work/said"
	is "$what: not compressed, on the drive" "$("$kcsd" run "$bpf/sum.bpf.o" \
		--file "$files/text" --anywhere --json | jq .host)" null
}

# on FILESYSTEM TYPE DEVICE [MKFS OPTION...]
on()
{
	local what=$1

	shift
	make_fs "$@" || return
	check_runs
	end_fs
}

wrong_uses()
{
	what=refused
	fails "$what: a file that is not there" "No such file or directory" \
		"$kcsd" run "$bpf/sum.bpf.o" --file /nonexistent
	fails "$what: a file that is not on a drive" "tmpfs" "$kcsd" run "$bpf/sum.bpf.o" --file "$work/file"
	fails "$what: a directory" "regular" "$kcsd" run "$bpf/sum.bpf.o" --file "$mount"
	fails "$what: with LBAs" "--file excludes --lba" \
		"$kcsd" run "$bpf/sum.bpf.o" --file "$work/file" --lba 0
	fails "$what: with a length" "--file excludes --lba" \
		"$kcsd" run "$bpf/sum.bpf.o" --file "$work/file" --len 5
}

begin
need mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.f2fs btrfs jq
find_kcsd
begin_files
point "create a drive" create_drive files size=512M || finish
in_place=1 on ext4 ext4 "$block"
in_place='' on xfs xfs "$block"
in_place='' on btrfs btrfs "$block" -d single
in_place=1 on f2fs f2fs "$block"
point "remove the drive" delete_drive files
point "create a zoned drive" create_drive files size=256M zone_size=4M || finish
in_place='' on "zoned btrfs" btrfs "$block" -O zoned -d single -m single
point "remove the zoned drive" delete_drive files
point "create another zoned drive" create_drive files size=256M zone_size=4M conventional_zones=8 ||
	finish
in_place='' on "zoned f2fs" f2fs "$block" -m
point "remove the other zoned drive" delete_drive files
random "$work/file" 100
wrong_uses
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Map a file of many extents, and run a program on it. Also print the time of a map and of filefrag.
# On ext4 100,000 extents, elsewhere KCSD_FILE_EXTENTS, 10,000 if it is not set: they take minutes.
# shellcheck disable=SC2154 # block, kcsd, bpf: from lib.sh; mount, map_file: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

# many TYPE EXTENTS BLOCK [MKFS OPTION...]
many()
{
	local what="$1, $2 extents" type=$1 nr=$2 size=$3 begin now best=

	shift 3
	make_fs "$type" "$block" "$@" || return
	point "$what: write" "$map_file" scatter "$mount/many" "$nr" "$size"
	says "$what: number of sources" "lbas $nr $((size * nr)) zeroes $((nr - 1))" \
		"$map_file" show "$mount/many"
	point "$what: the sources have the bytes of the file" "$map_file" check "$mount/many"
	is "$what: a program reads it" "$("$kcsd" run "$bpf/sha256.bpf.o" --file "$mount/many" -o - \
		2>/dev/null | od -An -tx1 | tr -d ' \n')" "$(sha256sum <"$mount/many" | cut -d ' ' -f 1)"
	for _ in 1 2 3; do
		begin=${EPOCHREALTIME/./}
		filefrag -s -v "$mount/many" >"$work/extents"
		now=$((${EPOCHREALTIME/./} - begin))
		[ -n "$best" ] && [ "$best" -lt "$now" ] || best=$now
	done
	echo "# $what: filefrag -s -v $best us, map $("$map_file" time "$mount/many" 3) us"
	end_fs
}

begin
need mkfs.ext4 filefrag
find_kcsd
begin_files
point "create a drive" create_drive many size=1G block_size=512 || finish
few=${KCSD_FILE_EXTENTS:-10000}
many ext4 100000 1024 -b 1024
many xfs "$few" 1024 -b size=1024
many btrfs "$few" 4096 -d single
many f2fs "$few" 4096
point "remove the drive" delete_drive many
finish

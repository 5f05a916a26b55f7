#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Map a file of 100,000 extents. Also print the time of a map and of filefrag.
# shellcheck disable=SC2154 # block: from lib.sh; mount, map_file: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

# many TYPE BLOCK [MKFS OPTION...]
many()
{
	local what="$1, 100,000 extents" type=$1 size=$2 begin now best=

	shift 2
	make_fs "$type" "$block" "$@" || return
	point "$what: write" "$map_file" scatter "$mount/many" 100000 "$size"
	says "$what: number of sources" "lbas 100000 $((size * 100000)) zeroes 99999" \
		"$map_file" show "$mount/many"
	point "$what: the sources have the bytes of the file" "$map_file" check "$mount/many"
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
begin_files
point "create a drive" create_drive many size=1G block_size=512 || finish
many ext4 1024 -b 1024
many xfs 1024 -b size=1024
many btrfs 4096 -d single
many f2fs 4096
point "remove the drive" delete_drive many
finish

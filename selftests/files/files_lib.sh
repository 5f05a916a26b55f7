# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # work, block: as lib.sh has them
#
# Library for tests of maps of files; source it after lib.sh.

# begin_files: call after begin. Sets map_file and mount.
begin_files()
{
	map_file=$(first_there "${OUTPUT:-}/map_file" ./map_file ../../build/selftests/map_file) ||
		skip_all "no map_file: build it with 'make selftests'"
	mount=$work/mnt
	mkdir "$mount"
	"$map_file" cachestat ||
		skip_all "this kernel has no cachestat (CONFIG_CACHESTAT_SYSCALL)"
}

# warns TYPE [OPTION...]: print what a filesystem says in the log of a kernel with lockdep, which is
# slow: a warning there fails the run. Zoned btrfs schedules the finish of one zone twice, f2fs shows
# the stack of a checkpoint that takes 5 s. Fail if there is nothing.
warns()
{
	[ -e /proc/lockdep ] || return
	case "$1: $* " in
	"btrfs: "*" zoned "*) echo "zone finish scheduled twice" ;;
	"f2fs: "*) echo "checkpoints that are blocked" ;;
	*) return 1 ;;
	esac
}

# make_fs TYPE DEVICE [OPTION...]: make and mount a filesystem. $mount_options go to mount.
make_fs()
{
	local type=$1 device=$2 command=(mkfs."$1") warning

	shift 2
	case $type in
	ext4) command+=(-q -F) ;;
	*) command+=(-q -f) ;;
	esac
	has_fs "$type" "mkfs.$type" || return
	if warning=$(warns "$type" "$@"); then
		skip "$what" "$type warns of itself on a slow kernel: $warning"
		return 1
	fi
	point "$what: mkfs" "${command[@]}" "$@" "$device" || return
	point "$what: mount" mount -t "$type" ${mount_options:+-o "$mount_options"} "$device" \
		"$mount"
}

end_fs()
{
	point "$what: umount" umount "$mount"
	settle
}

# says NAME TEXT COMMAND...: pass if the command succeeds and its output has TEXT.
says()
{
	local says_name=$1 says_text=$2

	shift 2
	"$@" >"$work/.output" 2>"$work/.errors" && grep -qF -e "$says_text" "$work/.output"
	verdict $? "$says_name" && return
	{
		echo "expected success, and: $says_text"
		tail -n 20 "$work/.output" "$work/.errors"
	} | sed 's/^/# /'
	return 1
}

# refused NAME TEXT FILE
refused()
{
	says "$1" "$2" "$map_file" refuse "$3"
}

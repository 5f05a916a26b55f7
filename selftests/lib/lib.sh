# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# Library for shell tests of drives: source this file, begin, use the functions of this file and of
# tap.sh, finish.
#
# A test cleans up however it ends: its drives are named kst-*, its files are below $work, and its
# file systems are mounted there.

CONFIG=/sys/kernel/config/kcsd
KSFT_SKIP=4

# shellcheck source=../tap/tap.sh
. "${BASH_SOURCE[0]%/*}/../tap/tap.sh"

begin()
{
	echo "TAP version 13"
	[ "$(id -u)" = 0 ] || skip_all "not root: run as root"
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	[ -d $CONFIG ] || skip_all "$CONFIG is missing: insmod kcsd.ko"
	need mktemp findmnt losetup blockdev
	remove_drives
	trap clean_up EXIT
	trap 'exit 1' INT TERM HUP
}

skip_all()
{
	echo "1..0 # SKIP $*"
	exit $KSFT_SKIP
}

# need COMMAND...: skip the test unless all commands are installed.
need()
{
	local command

	for command in "$@"; do
		command -v "$command" >/dev/null || skip_all "no $command: install it"
	done
}

# Wait for udev: it opens every new block device, and no node may be open when a drive is removed.
settle()
{
	! command -v udevadm >/dev/null || udevadm settle --timeout=20
}

# set_attribute DRIVE ATTRIBUTE VALUE
set_attribute()
{
	echo "$3" >"$CONFIG/$1/$2"
}

# create_drive NAME [ATTRIBUTE=VALUE...]: sets name, index, ctrl, block, generic, queue.
create_drive()
{
	local attribute

	name=kst-$1
	shift
	mkdir "$CONFIG/$name" || return 1
	for attribute in "$@"; do
		set_attribute "$name" "${attribute%%=*}" "${attribute#*=}" || return 1
	done
	set_attribute "$name" power 1 || return 1
	index=$(cat "$CONFIG/$name/index")
	ctrl=/dev/kcsd$index
	block=/dev/kcsd${index}n1
	generic=/dev/kcsdg${index}n1
	queue=/sys/block/kcsd${index}n1/queue
	settle
	[ -b "$block" ] && [ -c "$ctrl" ] && [ -c "$generic" ]
}

# Power off, then rmdir: so rmdir has no powered drive to remove by force.
delete_drive()
{
	local drive=kst-$1

	settle
	set_attribute "$drive" power 0 && rmdir "$CONFIG/$drive"
}

remove_drives()
{
	local drive

	for drive in "$CONFIG"/kst-*/; do
		[ ! -d "$drive" ] || rmdir "$drive"
	done
}

clean_up()
{
	local mount device

	findmnt -rno TARGET | grep "^$work/" | sort -r | while read -r mount; do
		umount "$mount" || umount -l "$mount"
	done
	[ ! -d $CONFIG ] || remove_drives
	losetup -nO NAME,BACK-FILE | grep " $work/" | while read -r device _; do
		losetup -d "$device"
	done
	rm -rf "$work"
}

# becomes FILE VALUE: wait until a file of sysfs has the value, 10 s at most, more if tests are slow.
becomes()
{
	local i

	for ((i = 0; i < 100 * ${KCSD_TEST_SLOW:-1}; i++)); do
		[ "$(cat "$1")" != "$2" ] || return 0
		sleep 0.1
	done
	return 1
}

# random FILE BYTES
random()
{
	head -c "$2" /dev/urandom >"$1"
}

# number_of NAME: print the first number of this name in JSON. A tenth of the time of jq.
number_of()
{
	[[ $(cat) =~ \"$1\"[[:space:]]*:[[:space:]]*([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

# sum_of PATH [BYTES]: checksum of the content; for a device, bypass the page cache.
sum_of()
{
	if [ -b "$1" ]; then
		dd if="$1" bs=1M iflag=direct status=none | head -c "${2:--0}" | md5sum
	else
		md5sum <"$1"
	fi | cut -d' ' -f1
}

# Print the first argument that exists as a file.
first_there()
{
	local path

	for path in "$@"; do
		[ -e "$path" ] && realpath "$path" && return
	done
	return 1
}

# has_fs FILESYSTEM COMMAND: skip the point $what unless the kernel has one and the machine the other.
has_fs()
{
	if ! grep -qw "$1" /proc/filesystems && ! modprobe -q "$1"; then
		skip "$what, $1" "this kernel has no $1"
		return 1
	fi
	command -v "$2" >/dev/null && return
	skip "$what, $1" "no $2: install it"
	return 1
}

# opcode_of NAME: print the opcode KCSD_CMD_NAME, taken from the header.
opcode_of()
{
	sed -n "s/^#define KCSD_CMD_$1[[:space:]]*\(0x[0-9a-f]*\).*/\1/p" "$(first_there \
		../../include/uapi/linux/kcsd.h \
		/usr/local/include/linux/kcsd.h /usr/include/linux/kcsd.h)"
}

# Find the kcsd command and the programs: $KCSD and $KCSD_BPF, else the build directory, else the
# installed ones. Sets kcsd and bpf, or skips the test.
find_kcsd()
{
	kcsd=$(first_there ${KCSD:+"$KCSD"} ../../kcsd ../../build/kcsd "$(command -v kcsd)") ||
		skip_all "no kcsd: run 'make tools', or set KCSD"
	[ ! -d "$kcsd" ] || skip_all "$kcsd is a directory"
	bpf=$(first_there ${KCSD_BPF:+"$KCSD_BPF"} ../../bpf/word.bpf.o ../../build/bpf/word.bpf.o \
		"${kcsd%/bin/kcsd}/share/kcsd/bpf/word.bpf.o") ||
		skip_all "no programs: run 'make bpf', or set KCSD_BPF"
	[ -d "$bpf" ] || bpf=${bpf%/word.bpf.o}
}

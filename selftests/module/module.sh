#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test loading and unloading: parameters, one drive that is ready, no unloading while in use.
# shellcheck disable=SC2154 # module: from module_lib.sh
. ../lib/lib.sh
. ./module_lib.sh

sizes()
{
	local device

	for device in /sys/block/kcsd*n1; do
		echo "$(($(cat "$device/size") * 512)) $(cat "$device/queue/logical_block_size")"
	done
}

# load NAME WANTED PARAMETER...: load the module; WANTED is the output of sizes.
load()
{
	local what=$1 want=$2

	shift 2
	point "insmod $what" load_module "$@" || return 1
	settle
	is "insmod $what: drives" "$(sizes)" "$want"
}

test_bare()
{
	load "alone" "536870912 4096" || return
	is "the directory of the drive" "$(cd $CONFIG && ls -d -- */)" "kcsd0/"
	is "it has power" "$(cat $CONFIG/kcsd0/power)" 1
	point "node of the controller" test -c /dev/kcsd0
	point "node of the block device" test -b /dev/kcsd0n1
	point "the generic nodes" test -c /dev/kcsdg0n1 -a -c /dev/kcsdg0n2 -a -c /dev/kcsdg0n3 -a \
		-c /dev/kcsdg0n4
	is "only root can open nodes" \
		"$(stat -c %a /dev/kcsd0 /dev/kcsdg0n1 /dev/kcsdg0n2 /dev/kcsdg0n3 /dev/kcsdg0n4 | uniq)" 600
	point "write to it" dd if=/dev/urandom of=/dev/kcsd0n1 bs=1M count=4 oflag=direct
	fails "its directory cannot be removed" "Operation not permitted" rmdir $CONFIG/kcsd0
	point "give it other attributes" sh -c "echo 0 >$CONFIG/kcsd0/power &&
		echo 16M >$CONFIG/kcsd0/size && echo 512 >$CONFIG/kcsd0/block_size &&
		echo 1 >$CONFIG/kcsd0/power"
	is "it has the other attributes" "$(sizes)" "16777216 512"
	fails "its attributes are fixed while it is powered" "Device or resource busy" \
		set_attribute kcsd0 size 32M
	settle
	fails "rmmod while the block device is open" "is in use" rmmod_while_open /dev/kcsd0n1
	fails "rmmod while the controller is open" "is in use" rmmod_while_open /dev/kcsd0
	fails "rmmod while a generic node is open" "is in use" rmmod_while_open /dev/kcsdg0n1
	mkdir $CONFIG/kst-module
	fails "rmmod while a created drive exists" "is in use" rmmod kcsd
	point "rmdir of a created drive" rmdir $CONFIG/kst-module
	point "rmmod" unload
	is "no node is left" "$(find /dev -maxdepth 1 -name 'kcsd*')" ""
}

rmmod_while_open()
{
	rmmod kcsd 3<"$1"
}

test_parameters()
{
	local wwid

	load "size=64M" "67108864 4096" size=64M && point "rmmod" unload
	load "block_size=512" "33554432 512" size=32M block_size=512 && point "rmmod" unload
	load "drives=3" $'16777216 4096\n16777216 4096\n16777216 4096' drives=3 size=16M &&
		point "rmmod" unload
	load "engine=interp" "16777216 4096" size=16M engine=interp
	is "the drive has that engine" "$(cat $CONFIG/kcsd0/engine)" interp
	point "rmmod" unload
	truncate -s 48M "$work/image"
	load "backing_file=" "50331648 4096" backing_file="$work/image"
	wwid=$(cat /sys/block/kcsd0n1/wwid)
	point "rmmod" unload
	load "backing_file=, again" "50331648 4096" backing_file="$work/image"
	is "it has the same name" "$(cat /sys/block/kcsd0n1/wwid)" "$wwid"
	point "rmmod" unload
	point "insmod drives=0" load_module drives=0
	is "insmod drives=0: no node" "$(find /dev -maxdepth 1 -name 'kcsd*')" ""
	point "create a drive then" create_drive module size=16M
	is "its index is 0" "$(cat $CONFIG/kst-module/index)" 0
	point "remove it" delete_drive module
	point "rmmod" unload
}

# refused NAME PARAMETER...: expect that loading fails and leaves nothing behind.
refused()
{
	local what=$1 text=$2

	shift 2
	fails "insmod $what" "$text" load_module "$@"
	point "insmod $what: not loaded" test ! -d /sys/module/kcsd
	is "insmod $what: no node" "$(find /dev -maxdepth 1 -name 'kcsd*')" ""
}

test_bad_parameters()
{
	refused "size=0" "Invalid parameters" size=0
	refused "size=lots" "Invalid parameters" size=lots
	refused "size=1P, more than there is" "Cannot allocate memory" size=1P
	refused "block_size=3" "Invalid parameters" block_size=3
	refused "engine=fast" "Invalid parameters" engine=fast
	refused "drives=100000" "Invalid parameters" drives=100000
	refused "drives=2 of one file" "Invalid parameters" drives=2 backing_file="$work/image"
	# The text of insmod for ENOENT is not fixed.
	refused "a missing file" "" backing_file="$work/nothing"
}

begin
begin_unloaded
test_bare
test_parameters
test_bad_parameters
finish

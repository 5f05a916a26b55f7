#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test how the kcsd command creates, shows and deletes drives.
. ../lib/lib.sh
. ./cli_lib.sh

# Test the created drive. Call after begin_cli.
test_create()
{
	point "  and its nodes exist" test -c "/dev/$drive" -a -b "/dev/${drive}n1"
	prints "block device: /dev/${drive}n1"
	is "  and the attributes are set" "$(cd $CONFIG/$NAME && cat size block_size queues \
		queue_depth cus cu_cpus queue_limit quick_us arena_size timeout_ms insn_budget \
		engine max_jit_bytes max_programs max_active max_program_bytes device_programs \
		load_granularity slm_size max_range_sets max_ranges kv_size kv_max_value \
		kv_max_keys | paste -sd' ')" \
		"8388608 512 1 16 3 0-1 9 77 1048576 20000 1000000000 interp 8388608 8 4 4194304 \
0 512 2097152 7 9 8388608 1048576 1000"
	code 0 "create, zones" create kst-zones --size 8M --zone-size 1M --zone-capacity 512K \
		--conventional-zones 2 --max-open-zones 3 --max-active-zones 4 --max-append 64K
	is "  and the attributes are set" "$(cd $CONFIG/kst-zones && cat zone_size zone_capacity \
		conventional_zones max_open_zones max_active_zones max_append | paste -sd' ')" \
		"1048576 524288 2 3 4 65536"
	code 0 "list, zones" list --json
	has '[.[] | select(.name == "kst-zones") | .zone_size, .size] | @csv' 1048576,8388608
	has ".[] | select(.name == \"$NAME\") | .zone_size" 0
	code 0 "list, zones, as text" list
	is "  and it says which are zoned" \
		"$(awk '/^kst-/ && $6 != "-" { print $1 }' "$work/out")" kst-zones
	code 0 "  and delete" delete kst-zones
	code 0 "create, no whole zones" create kst-zones --size 6M --zone-size 4M
	prints "size: 4 MiB (rounded down to whole zones; 6 MiB was requested)"
	code 0 "  and delete" delete kst-zones
	code 0 "create, whole zones, JSON" create kst-zones --size 8M --zone-size 4M --json
	has .size 8388608
	code 0 "  and delete" delete kst-zones
	code 1 "create, the name is taken" create $NAME
	says "drive '$NAME' already exists"
	code 2 "create, an invalid name" create a/b
	says "'a/b' is not a valid drive name: 1 to 31 letters, digits, '_', '-' and '.'"
	code 2 "create, too long a name" create "kst-$(printf 'x%.0s' $(seq 28))"
	code 0 "create, the longest name" create "kst-$(printf 'x%.0s' $(seq 27))" --size 8M
	code 0 "  and delete" delete "kst-$(printf 'x%.0s' $(seq 27))"
}

# Test refused values: each is refused in another part of the driver, and no drive is left.
test_create_refused()
{
	code 2 "create, LBAs of 3 bytes" create kst-bad --block-size 3
	says "--block-size: '3' is not valid, it must be from 512 to 4096"
	code 2 "create, no such engine" create kst-bad --engine fast
	says "--engine: 'fast' is not valid; expected: engine for programs: jit (default) or interp"
	code 2 "create, zones of no power of 2" create kst-bad --zone-size 3M
	says "--zone-size: '3M' is not valid, it must be a power of 2"
	code 1 "create, no sequential zone" create kst-bad --size 8M --zone-size 4M \
		--conventional-zones 2
	says "conventional_zones leaves no sequential zone"
	code 1 "create, no such CPU" create kst-bad --cu-cpus 99999
	says "refuses --cu-cpus 99999; expected: CPUs for the compute units"
	code 2 "create, no bytes" create kst-bad --size 0
	says "--size: '0' is not valid"
	code 1 "create, larger than memory" create kst-bad --size 1E
	says "kst-bad"
	says "the kernel says: "
	code 1 "create, no such backing file" create kst-bad --backing-file "$work/none"
	says "No such file"
	code 1 "create, a directory as backing file" create kst-bad --backing-file "$work"
	says "kst-bad"
	code 2 "create, no compute units" create kst-bad --cus 0
	says "--cus: '0' is not valid"
	is "create, refused drives leave nothing" "$(drives)" 1
}

test_backing_file()
{
	local other

	truncate -s 4M "$work/image"
	code 0 "create, a backing file, JSON" create kst-file --json --backing-file "$work/image"
	has .name kst-file
	other=$(jq -r .drive "$work/out")
	is "  and it is as large as the file" "$(blockdev --getsize64 "/dev/${other}n1")" 4194304
	code 0 "list, JSON" list --json
	has '.[] | select(.name == "kst-file") | .backing_file' "$work/image"
	has ".[] | select(.name == \"$NAME\") | .drive" "$drive"
	has ".[] | select(.name == \"$NAME\") | .backing_file" null
	has ".[] | select(.name == \"$NAME\") | [.size, .block_size, .powered] | @csv" \
		8388608,512,true
	code 0 "list" list
	prints "$NAME"
	prints "$work/image"
	code 1 "programs, several drives and no name" programs
	says "there are several drives ("
	code 0 "delete" delete kst-file
	code 1 "delete, twice" delete kst-file
	says "there is no drive 'kst-file'"
	point "  and the file still exists" test -s "$work/image"
	code 0 "create, and the size" create kst-file --backing-file "$work/image"
	prints $'\nsize: 4 MiB'
	code 1 "fsck, create a drive" fsck kst-file
	says "'kst-file' is a drive: its backing file is $work/image"
	code 1 "fsck, a drive by its node" fsck "$drive"
	says "'$drive' is a drive with its data in memory: it has no sidecar"
	code 0 "  and delete" delete kst-file
}

test_delete_busy()
{
	exec 8<"/dev/${drive}n1"
	code 1 "delete, while the block device is open" delete $NAME
	says "is in use"
	exec 8<&-
	point "  and the drive still exists" test -b "/dev/${drive}n1"
}

# Test that the drive of the module cannot be removed, and is not powered off by the attempt.
test_delete_own()
{
	if [ "$(cat /sys/module/kcsd/parameters/drives)" = 0 ]; then
		skip "delete, a drive that the module made" "the module was loaded with drives=0"
		return
	fi
	code 1 "delete, a drive that the module made" delete kcsd0
	says "only 'rmmod kcsd' deletes it"
	is "  and it is powered on" "$(cat $CONFIG/kcsd0/power)" 1
	point "  and its nodes exist" test -c /dev/kcsd0 -a -b /dev/kcsd0n1
}

# Test another user than root: it can read the attributes in configfs, but not write them.
test_not_root()
{
	local what

	command -v setpriv >/dev/null || { skip "not root" "no setpriv(1)"; return; }
	for what in "power $NAME off" "power-cut $NAME" "inject $NAME read timeout" "delete $NAME" \
		    "create kst-other"; do
		# shellcheck disable=SC2086 # words
		err=$(setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
			"$kcsd" $what 2>&1)
		is "not root, $what" $? 1
		says ": only root may do this"
	done
	is "  and the drive is unchanged" "$(cat $CONFIG/$NAME/power) $(drives)" "1 1"
}

test_info()
{
	code 0 "info, JSON" info --json "$drive"
	has .drive "$drive"
	has '[.lbas, .lba_size, .size] | @csv' 16384,512,8388608
	has '[.compute_units, .max_programs, .max_active, .timeout_ms] | @csv' 3,8,4,20000
	has '[.program_memory, .insn_budget] | @csv' 1048576,1000000000
	code 0 "info, by its name" info $NAME
	prints "$drive"
	code 0 "info, by its node" info --drive "/dev/$drive"
	prints "512 bytes"
	code 1 "info, no such drive" info kcsd99999
	says "there is no drive 'kcsd99999'"
	code 1 "info, no such name" info kst-none
	says "there is no drive 'kst-none'"
}

begin_cli
test_create
test_create_refused
test_backing_file
test_delete_busy
test_delete_own
test_not_root
test_info
end_cli

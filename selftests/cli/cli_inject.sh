#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test injected faults and power cuts of the kcsd command.
. ../lib/lib.sh
. ./cli_lib.sh

# Test rules with the words of configfs, for a drive by any of its names, with and without power.
test_inject()
{
	code 0 "inject, no rules" inject $NAME
	prints "no rules"
	code 0 "inject, no rules, JSON" inject $NAME --json
	has length 0
	code 0 "inject, a rule" inject $NAME read lba=3+1 media_error next=1
	code 0 "inject, by the node name" inject "$drive" write delay=1ms probability=0.25 seed=7
	code 0 "inject, by --drive" inject -d "/dev/$drive" append timeout
	code 0 "inject, the rules" inject $NAME
	is "  and they are those of configfs" "$out" "$(cat $CONFIG/$NAME/inject)"
	behave "inject, a read fails" 4 read_lba --cparam1 3 --lba 3 --json
	prints '"result": 18446744073709551611,'
	code 0 "inject, the rules, JSON" inject $NAME --json
	has '.[0] | [.command, .slba, .nlb, .outcome, .next, .hits] | @csv' \
		'"read",3,1,"media_error",0,1'
	has '.[1] | [.command, .outcome, .delay_ms, .probability, .seed, .slba] | @csv' \
		'"write","delay",1,0.25,7,'
	has '.[2] | [.command, .outcome, .hits] | @csv' '"append","timeout",0'
	code 0 "inject, clear" inject $NAME clear
	code 0 "inject, no rules are left" inject $NAME --json
	has length 0
	for _ in $(seq 16); do
		"$kcsd" inject $NAME flush media_error
	done
	code 1 "inject, too many rules" inject $NAME flush media_error
	says "'kcsd inject $NAME clear' removes all"
	code 0 "inject, clear them" inject clear --drive $NAME
	code 1 "inject, LBAs beyond the drive" inject $NAME read lba=16384+1 media_error
	says "'lba=16384+1' goes beyond the last LBA of the drive, 16383"
	code 1 "inject, more LBAs than there are" inject $NAME read media_error lba=16383+2
	says "'lba=16383+2' goes beyond"
	code 0 "inject, no rule was added" inject $NAME --json
	has length 0
	code 1 "inject, no such drive" inject kst-none read media_error
	says "there is no drive 'kst-none'"
}

# Test that the drive accepts all rules that `kcsd inject` accepts.
test_inject_words()
{
	local words

	for words in "lba=16383+1 timeout" "delay=1" "delay=86400000ms" \
		     "media_error next=4294967295" "media_error probability=1" \
		     "media_error probability=0.000000001" "timeout probability=1.0 seed=0" \
		     "media_error seed=18446744073709551615 probability=0.5"; do
		# shellcheck disable=SC2086 # words
		code 0 "inject, read $words" inject $NAME read $words
	done
	for words in append flush execute write; do
		code 0 "inject, $words" inject $NAME $words media_error
	done
	is "  and all rules are shown" "$("$kcsd" inject $NAME | wc -l)" 12
	code 0 "  and clear" inject $NAME clear
}

# Test power cuts of a second drive: 4 MiB in a file, without a flush.
test_power_cut()
{
	local lost

	head -c 4M /dev/zero | tr '\0' A >"$work/full"
	truncate -s 4M "$work/cut"
	code 0 "create, for power cuts" create kst-cut --backing-file "$work/cut" --cache-size 4M
	point "  and write" dd if="$work/full" bs=1M oflag=direct status=none \
		of="/dev/$(sed -n 's/^drive: //p' "$work/out")n1"
	code 0 "power-cut, JSON" power-cut kst-cut --seed 5 --json
	has '[.name, .seed, .powered] | @csv' '"kst-cut",5,false'
	is "  and it has no power" "$(cat $CONFIG/kst-cut/power)" 0
	is "  and the power cut is counted" "$(cat $CONFIG/kst-cut/power_cut)" 1
	lost=$(tr -d A <"$work/cut" | wc -c)
	point "  and some of it is lost, $lost bytes" test "$lost" -gt 0 -a "$lost" -lt 4194304
	code 1 "power-cut, again" power-cut kst-cut
	says "drive 'kst-cut' is powered off"
	code 0 "inject, a drive that is off" inject kst-cut read media_error \
		lba=18446744073709551615+1
	code 1 "info, a drive that is off" info -d kst-cut
	says "'kcsd power kst-cut on' powers it on"
	code 0 "power on" power kst-cut on
	is "  and it has power" "$(cat $CONFIG/kst-cut/power)" 1
	prints "block device: /dev/kcsd$(cat $CONFIG/kst-cut/index)n1"
	exec 8<"/dev/kcsd$(cat $CONFIG/kst-cut/index)n1"
	code 1 "power off, while the block device is open" power kst-cut off
	says "drive 'kst-cut' is in use"
	exec 8<&-
	code 0 "power off" power kst-cut off
	is "  and it has no power" "$(cat $CONFIG/kst-cut/power)" 0
	code 0 "power on, again" power kst-cut on
	code 0 "power-cut, on again" power-cut kst-cut --on
	prints "powered: yes"
	prints "seed: "
	is "  and it has power" \
		"$(cat $CONFIG/kst-cut/power $CONFIG/kst-cut/power_cut | paste -sd' ')" "1 2"
	echo garbage >"$work/cut.kcsd"
	code 1 "power-cut, power on fails" power-cut kst-cut --on
	says "cannot power on drive 'kst-cut'"
	says "the kernel says: "
	prints "powered: no"
	code 1 "power-cut, no such drive" power-cut kst-none
	says "there is no drive 'kst-none'"
	code 1 "power-cut, several drives and no name" power-cut
	says "there are several drives ("
	says "kst-cut"
	code 0 "delete, after power cuts" delete kst-cut
}

begin_cli
test_inject
test_inject_words
test_power_cut
end_cli

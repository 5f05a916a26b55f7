#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test how the kcsd command makes and shows drives that take device time.
. ../lib/lib.sh
. ./cli_lib.sh

TIMED=kst-timed

test_preset()
{
	code 0 "create, with a preset" create $TIMED --size 64M --preset 970pro --timing erase_ns=3000000
	is "its model" "$(cat /sys/kernel/config/kcsd/$TIMED/timing/model)" flash
	is "a parameter of the preset" "$(cat /sys/kernel/config/kcsd/$TIMED/timing/channels)" 8
	is "a parameter of the option" "$(cat /sys/kernel/config/kcsd/$TIMED/timing/erase_ns)" 3000000
	code 0 "timing" timing $TIMED
	prints "real clock"
	prints "channel"
	code 0 "timing, JSON" timing $TIMED --json
	has '.model' flash
	has '.clock' real
	has '[.resources[] | select(.kind == "channel")] | length' 8
	code 0 "info" info $TIMED
	point "  and it has the model" grep -qx 'model of time:  *flash, clock: real' "$work/out"
	code 0 "delete" delete $TIMED
	code 0 "create, zones of a preset" create $TIMED --size 96M --preset zns-prototype
	code 0 "info, JSON" info $TIMED --json
	has '"\(.timing_model) \(.timing_preset) \(.timing_clock)"' "flash zns-prototype real"
	is "the size of a zone" "$(cat /sys/kernel/config/kcsd/$TIMED/zone_size)" $((32 << 20))
	code 0 "delete" delete $TIMED
}

# test_refused: what contradicts the drive is refused at power on, and no drive is left.
test_refused()
{
	code 1 "create, dies that zones cannot share" create $TIMED --size 64M \
		--zone-size 1M --timing dies_per_zone=48
	says "timing: dies_per_zone is 48: it has to divide the 64 dies of all channels"
	point "no drive is left" test ! -e /sys/kernel/config/kcsd/$TIMED
}

test_virtual()
{
	code 0 "create, virtual clock" create $TIMED --size 16M --preset plain --clock virtual --depth 4
	is "its depth" "$(cat /sys/kernel/config/kcsd/$TIMED/timing/depth)" 4
	code 0 "run" run -d $TIMED "$bpf/sum.bpf.o" --lba 0+64 --json
	has '.device_ns > 0' true
	has '.device_ns == .device_link_ns + .device_controller_ns + .device_media_ns +
		.device_compute_ns + .device_waiting_ns' true
	has '.device_media_ns > 0 and .device_compute_ns > 0' true
	has '.late_ns' 0
	first=$(jq .device_ns "$work/out")
	code 0 "run, again" run -d $TIMED "$bpf/sum.bpf.o" --lba 0+64 --json
	has '.device_ns' "$first"
	code 0 "run, as text" run -d $TIMED "$bpf/sum.bpf.o" --lba 0+64
	prints "device time: 0."
	code 0 "stats, Prometheus" stats -d $TIMED --prometheus
	point "  is valid" promtext "$work/out"
	prints 'model="flash",clock="virtual",preset="plain"} 1'
	prints 'kcsd_timing_write_amplification{'
	prints 'kcsd_timing_wear_avg{'
	point "  has counts" grep -q '^kcsd_timing_die_count{.*} 64$' "$work/out"
	point "  has the use of the media" grep -q '^kcsd_timing_die_busy_ns_total{.*} [1-9]' "$work/out"
	code 0 "top" top -d $TIMED -n 1 -i 100
	prints "DEVICE"
	code 0 "timing, JSON" timing $TIMED --json
	has '.clock' virtual
	has '.marked' false
	has '.marked_by | length' 0
	has '[.latencies[] | select(.of == "device time" and .command == "run")][0].count' 3
	has "[.latencies[] | select(.of == \"device time\" and .command == \"run\")][0].max_ns" "$first"
	code 0 "delete" delete $TIMED
}

# test_no_model: latencies of the host are kept on demand.
test_no_model()
{
	local latencies=/sys/class/kcsd/$drive/timing/latencies

	code 0 "timing, no model" timing $NAME
	prints "model: none"
	code 0 "info, no model" info $NAME --json
	has '"\(.timing_model)\(.timing_clock)"' none
	code 0 "timing, no latencies" timing $NAME --json
	has '.latencies | length' 0
	echo 1 >"$latencies"
	dd if=/dev/"${drive}n1" of=/dev/null bs=4k count=50 iflag=direct status=none
	code 0 "timing, latencies" timing $NAME --json
	has '[.latencies[] | select(.of == "host time" and .command == "read")][0].count >= 50' true
	has '[.latencies[] | select(.of == "host time" and .command == "read")][0] |
		.p50_ns <= .p99_ns and .p99_ns <= .max_ns and .p50_ns > 0' true
	has '[.latencies[] | select(.of == "CPU time" and .command == "read")][0].count >= 50' true
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		"$kcsd" run -d $NAME "$bpf/sum.bpf.o" --lba 0+1 >/dev/null
	done
	dd if=/dev/"${drive}n1" of=/dev/null bs=4k count=20 iflag=direct status=none
	code 0 "timing, after runs" timing $NAME --json
	has '[.latencies[] | select(.of == "host time" and .command == "run") | .count] | add' 12
	has '[.latencies[] | select(.of == "host time" and .command == "read") | .depth] | max' 1
	echo 0 >"$latencies"
}

# promtext FILE: true if all lines are comments or samples, and each metric is in one group.
promtext()
{
	awk '/^# TYPE / { if ($3 in type) bad = 1; type[$3] = $4; next }
		/^# HELP / { next }
		!/^kcsd_[a-z0-9_]+\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\} [0-9.]+$/ { bad = 1; print; next }
		{ name = $1; sub(/\{.*/, "", name); base = name; sub(/_(sum|count)$/, "", base)
		  if (!(name in type) && !(base in type)) { bad = 1; print }
		  if ($1 in seen) { bad = 1; print }
		  seen[$1] = 1; n++ }
		END { exit bad || n < 50 }' "$1"
}

test_prometheus()
{
	code 0 "stats, Prometheus" stats -d $NAME --prometheus
	prints "kcsd_stats_runs_total{drive=\"$drive\"} "
	prints "# TYPE kcsd_stats_memory_bytes gauge"
	point "  is valid" promtext "$work/out"
	code 0 "stats, Prometheus, to a file" stats -d $NAME --prometheus -o "$work/kcsd.prom"
	point "  is valid" promtext "$work/kcsd.prom"
	point "  no other file is left" test ! -e "$work/kcsd.prom.part"
	code 1 "stats, Prometheus, to no directory" stats -d $NAME --prometheus -o "$work/none/x"
	says "none/x"
}

begin_cli awk dd
test_preset
test_refused
test_virtual
test_no_model
test_prometheus
end_cli

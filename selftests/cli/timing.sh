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
	prints "late by more than 10 us and 1 % of the device time"
	prints "lateness: p50 "
	code 0 "timing, JSON" timing $TIMED --json
	has '.model' flash
	has '.clock' real
	has '[.resources[] | select(.kind == "channel")] | length' 8
	has_late "$TIMED"
	code 0 "info" info $TIMED
	point "  and it has the model" grep -qx 'model of time:  *flash, clock: real' "$work/out"
	code 0 "delete" delete $TIMED
	code 0 "create, zones of a preset" create $TIMED --size 96M --preset zns-prototype
	code 0 "info, JSON" info $TIMED --json
	has '"\(.timing_model) \(.timing_preset) \(.timing_clock)"' "flash zns-prototype real"
	is "the size of a zone" "$(cat /sys/kernel/config/kcsd/$TIMED/zone_size)" $((32 << 20))
	code 0 "delete" delete $TIMED
}

# has_late DRIVE: test that JSON has the lateness, and all of it is in the histogram.
has_late()
{
	code 0 "timing, lateness" timing "$1" --json --histogram
	has '.late_min_ns' 10000
	has '.late_permille' 10
	has '.lateness.count > 0 and .lateness.p50_ns <= .lateness.p99_ns and
		.lateness.p99_ns <= .lateness.max_ns' true
	has '.lateness.count == ([.latencies[] | select(.of == "lateness") | .buckets[].count] | add)' true
	has '.lateness.max_ns >= .late_max_ns' true
}

# test_late: the bounds are options.
test_late()
{
	code 0 "create, bounds" create $TIMED --size 16M --late-min-ns 0 --late-permille 1000
	is "one bound" "$(cat /sys/kernel/config/kcsd/$TIMED/timing/late_min_ns)" 0
	is "the other" "$(cat /sys/kernel/config/kcsd/$TIMED/timing/late_permille)" 1000
	is "the model" "$(cat /sys/kernel/config/kcsd/$TIMED/timing/model)" flash
	code 0 "timing" timing $TIMED
	prints "late by more than 0 us and 100 % of the device time"
	code 0 "delete" delete $TIMED
}

# test_interval: only what happens while it waits is shown.
test_interval()
{
	local file=/dev/${drive}n1

	echo 1 >"/sys/class/kcsd/$drive/timing/latencies"
	dd if="$file" of=/dev/null bs=4k count=50 iflag=direct status=none
	(sleep 0.5; dd if="$file" of=/dev/null bs=4k count=20 iflag=direct status=none) &
	code 0 "timing, an interval" timing $NAME --interval 3000 --json
	wait
	has '[.latencies[] | select(.of == "host time" and .command == "read") | .count] | add' 20
	has '.interval_ns >= 3000000000' true
	code 0 "timing, all" timing $NAME --json
	has '[.latencies[] | select(.of == "host time" and .command == "read") | .count] | add >= 70' true
	code 0 "timing, an interval without reads" timing $NAME -i 1
	prints "interval: 0.0"
	point "  has none" test -z "$(grep '^read' "$work/out")"
	echo 0 >"/sys/class/kcsd/$drive/timing/latencies"
	code 0 "create" create $TIMED --size 16M --preset plain --clock virtual
	code 0 "run" run -d $TIMED "$bpf/sum.bpf.o" --lba 0+64
	(sleep 0.5; "$kcsd" run -d $TIMED "$bpf/sum.bpf.o" --lba 0+1 >/dev/null) &
	code 0 "timing, an interval of the model" timing $TIMED -i 3000 --json
	wait
	has '[.latencies[] | select(.of == "device time" and .command == "run") | .count] | add' 1
	has '.read_bytes' 4096
	has '[.resources[] | select(.kind == "unit") | .busy_ns] | add > 0' true
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
	point "  has histograms" histograms "$work/out"
	point "  with all commands" grep -q \
		'^kcsd_device_time_seconds_bucket{.*,command="run",le="+Inf"} 3$' "$work/out"
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
	has '.lateness.count' 0
	code 0 "timing, histograms" timing $TIMED --histogram
	prints "device time, run"
	point "  have a line for the octave of these runs" \
		grep -q "^ *[0-9.]* *3  100.000  #\{50\}$" "$work/out"
	code 0 "timing, histograms, JSON" timing $TIMED --histogram --json
	has '[.latencies[] | .count == ([.buckets[].count] | add)] | all' true
	has '[.latencies[] | [.buckets[].last_ns] | . == (. | sort | unique)] | all' true
	has "[.latencies[] | select(.of == \"device time\" and .command == \"run\")][0] |
		.buckets | length == 1 and .[0].last_ns >= $first and .[0].last_ns <= $first * 17 / 16" true
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

# histograms FILE: true if each histogram has the same bounds, counts that do not fall, the last one
# for all values, and sum and count.
histograms()
{
	awk '!/^kcsd_[a-z_]*_seconds_(bucket|sum|count)\{/ { next }
		{ kind = $1; sub(/.*_/, "", kind); sub(/\{.*/, "", kind)
		  series = $1; sub(/_(bucket|sum|count)\{/, "{", series) }
		kind == "bucket" { le = series; sub(/.*,le="/, "", le); sub(/"\}$/, "", le)
		  sub(/,le="[^"]*"/, "", series)
		  if (series in count || $2 < last[series] || (series in at && at[series] == "+Inf"))
			bad = 1
		  last[series] = $2; at[series] = le; bounds[series] = bounds[series] " " le }
		kind == "sum" { sum[series] = $2 }
		kind == "count" { count[series] = $2 }
		END { for (s in last) { n++
			if (at[s] != "+Inf" || !(s in sum) || count[s] != last[s]) bad = 1
			if (first == "") first = bounds[s]
			if (bounds[s] != first) bad = 1 }
		      exit bad || !n || split(first, all) != 29 }' "$1"
}

# promtext FILE: true if all lines are comments or samples, and each metric is in one group.
promtext()
{
	awk '/^# TYPE / { if ($3 in type) bad = 1; type[$3] = $4; next }
		/^# HELP / { next }
		!/^kcsd_[a-z0-9_]+\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\} [0-9.]+$/ { bad = 1; print; next }
		{ name = $1; sub(/\{.*/, "", name); base = name; sub(/_(sum|count|bucket)$/, "", base)
		  if (!(name in type) && type[base] != "histogram") { bad = 1; print }
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
test_late
test_interval
test_prometheus
end_cli

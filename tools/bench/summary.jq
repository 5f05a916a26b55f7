# SPDX-License-Identifier: GPL-2.0
# Convert the runs, one object each, to the content of build/bench.json.

def median: sort | if length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def round2: . * 100 | round / 100;

.[0] as $machine
| [.[] | select(.latency)] as $latency
| [.[1:] | map(select(.rw)) | group_by([.rw, .iodepth, .device])[]
	| { device: .[0].device, rw: .[0].rw, iodepth: .[0].iodepth,
	    iops: map(.iops | round), median: (map(.iops) | median | round) }]
| {
	date: $date,
	machine: $machine,
	unit: "IOPS, 4 KiB, fio io_uring, O_DIRECT; median of the repetitions",
	results: .,
	ratios: [group_by([.rw, .iodepth])[]
		| (map({ (.device): .median }) | add) as $m
		| { rw: .[0].rw, iodepth: .[0].iodepth,
		    null_blk: ($m.kcsd / $m.null_blk | round2),
		    brd: (if $m.brd then $m.kcsd / $m.brd | round2 else null end) }],
	passthrough: [group_by([.rw, .iodepth])[]
		| (map({ (.device): .median }) | add) as $m
		| select($m.passthrough)
		| { rw: .[0].rw, iodepth: .[0].iodepth,
		    plain: ($m.passthrough / $m.kcsd | round2),
		    fixed: ($m.passthrough_fixed / $m.kcsd | round2) }],
	latency: ($latency | { read_ns: map(.read_ns), noop_ns: map(.noop_ns),
		ratio: (map(.noop_ns / .read_ns) | median | round2) })
}

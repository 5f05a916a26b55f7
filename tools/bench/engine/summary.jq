# SPDX-License-Identifier: GPL-2.0
# Convert the turns, one object each, to the content of build/bench-engine.json: for each kernel the
# fastest turn in each engine and its ratio to the turn in "native".

def geomean: map(log) | add / length | exp;
def round2: . * 100 | round / 100;
def objects(f): map({ key: ., value: f }) | from_entries;

def least(kernel; engine; field):
	map(select(.kernel == kernel and .engine == engine) | field) | min;

def part:
	. as $turns
	| (reduce .[].engine as $e ([]; if index([$e]) then . else . + [$e] end)) as $engines
	| (reduce .[].kernel as $k ([]; if index([$k]) then . else . + [$k] end)) as $kernels
	| [$kernels[] | . as $kernel
		| ($engines | objects(. as $e | $turns | least($kernel; $e; .ns))) as $ns
		| {
			kernel: $kernel,
			native_ns: $ns.native,
			ns: $ns,
			ratio: ($engines | objects($ns[.] / $ns.native)),
			ratios: ($engines | objects($ns[.] / $ns.native | round2)),
			insns: ($engines - ["native"] | objects(. as $e | $turns
				| least($kernel; $e; .insns_per_round))),
		}] as $results
	| {
		engines: $engines,
		kernels: ($results | map(del(.ratio))),
		geomean: ($engines | objects(. as $e | $results | map(.ratio[$e]) | geomean
			| round2)),
	};

{
	date: $date,
	cpu: $cpu,
	unit: "ratio of times to native code of gcc -O2; the quickest round of each",
	user: ($user | if . == [] then null else part end),
	vm: ($vm | if . == [] then null else part end),
}

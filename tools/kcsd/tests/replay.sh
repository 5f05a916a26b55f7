#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test kcsd replay: both loops with latencies computed on paper, traces from files and pipes, runs of
# programs, reports, refusals. replay_test.c has the traces line by line. Print TAP.
#
#	replay.sh KCSD OUTPUT
# shellcheck source=tools/kcsd/tests/lib.sh
. "$(dirname "$0")/lib.sh"

# A drive for paper: only a core (1 us for each command) and the pages of a die (40 us) take time.
paper=(--param link_read_mbps=0 --param link_write_mbps=0 --param channel_mbps=0
	--param command_ns=1000 --param read_part_ns=40000 --param read_page_ns=40000)

# trace NAME LINE...: make a trace of fio.
trace()
{
	printf '%s\n' "${@:2}" >"$work/$1"
}

# value FILTER WANTED: compare a value of the JSON of the last command.
value()
{
	is "  and $1 is $2" "$(jq -r "$1" "$work/out" 2>&1)" "$2"
}

check_closed()
{
	trace same "fio version 2 iolog" "/d read 0 4096" "/d read 0 4096" "/d read 0 4096" \
		"/d read 0 4096"
	code 0 "depth 1" replay "${paper[@]}" --json same
	value .commands 4
	value .kinds.read.latency_ns.min 41000
	value .kinds.read.latency_ns.max 41000
	value .kinds.read.latency_ns.p50 41000
	value .device_ns 164000
	value .kinds.read.bytes 16384
	value .loop closed
	# The die reads for the second command from 41 to 81 us; the third arrives at 41 us.
	code 0 "depth 2, one die" replay "${paper[@]}" --depth 2 --json same
	value .kinds.read.latency_ns.min 41000
	value '.kinds.read.latency_ns.p50 / 80000 | . >= 1 and . < 1.001' true
	value .kinds.read.latency_ns.max 81000
	value .device_ns 161000
	value '.busy_ns.die | add' 160000
	value '.busy_ns.core | add' 4000
	code 0 "the same again" replay "${paper[@]}" --depth 2 --json same
	cp "$work/out" "$work/first"
	code 0 "once more" replay "${paper[@]}" --depth 2 --json same
	is "  and all but the time of the host is the same" "$(grep -v host_ns "$work/out")" \
		"$(grep -v host_ns "$work/first")"
	code 0 "several traces, one after another" replay "${paper[@]}" --json same same
	value .device_ns 328000
}

check_open()
{
	trace times "fio version 3 iolog" "500 /d add" "1000 /d read 0 4096" "1100 /d read 0 4096" \
		"1110 /d read 0 4096" "1105 /d read 0 4096"
	# They arrive at 0, 100, 110 and 110 us; the second ends at 141, the third at 181.
	code 0 "open loop" replay "${paper[@]}" --open --json times
	value .loop open
	value .kinds.read.latency_ns.min 41000
	value .kinds.read.latency_ns.max 111000
	value .kinds.read.latency_ns.mean 66000
	value .device_ns 221000
	value .early 1
	code 0 "half as fast" replay "${paper[@]}" --open --speed 0.5 --json times
	value .device_ns 321000
	code 0 "ten times as fast" replay "${paper[@]}" --open --speed 10 --json times
	value .device_ns 161000
	code 0 "as text" replay "${paper[@]}" --open --speed 0.5 times
	prints "1 commands are earlier than the one before them in the trace, and arrive with it"
	is "  and names the loop" "$(grep -c 'open loop at 0.5 times' "$work/out")" 1
}

check_pipes()
{
	trace first "fio version 2 iolog" "/d read 0 4096" "/e read 8192 4096"
	code 1 "a pipe without a size" replay - < <(cat "$work/same")
	says "standard input can be read only once, so that its largest address is not known before"
	code 0 "a pipe" replay "${paper[@]}" --size 1G --json - < <(cat "$work/same")
	value .device_ns 164000
	value .size 1073741824
	code 0 "a pipe of a packer" replay "${paper[@]}" --size 1G --json - \
		< <(gzip <"$work/same" | gunzip)
	value .device_ns 164000
	code 0 "standard input that is a file" replay "${paper[@]}" --json - <"$work/same"
	value .device_ns 164000
	code 1 "two devices in a pipe" replay --size 1G - < <(cat "$work/first")
	says "standard input:3: this is a second device"
	code 0 "one of them" replay --size 1G --device /e --json - < <(cat "$work/first")
	value .commands 1
	code 0 "both from a file" replay --json first
	value .commands 2
	value .size 2097152
}

check_kinds()
{
	trace kinds "fio version 2 iolog" "/d write 0 4096" "/d sync 0 0" "/d trim 0 4194304" \
		"/d read 0 4096"
	code 0 "all kinds" replay --json kinds
	value '.kinds | keys | join(" ")' "flush read trim write"
	code 0 "with zones" replay --zone-size 2M --json kinds
	value '.kinds | keys | join(" ")' "flush read trim write"
	is "  and blocks were erased" "$(jq '.media.erases > 0' "$work/out")" true
	value .zone_size 2097152
	cat >"$work/blk" <<-END
	259,0    1        1     0.000000000   789  D   R 2048 + 8 [fio]
	259,0    1        2     0.000010000   789  C   R 2048 + 8 [0]
	END
	code 0 "blkparse" replay --json blk
	value .kinds.read.bytes 4096
	value '.left_out["events of other actions"]' 1
	code 1 "blkparse, no such action" replay --action Q blk
	says "the traces have no events of action Q: --action chooses another"
	cat >"$work/kcsd" <<-END
	x-1 [000] 100.000020: kcsd_cmd_submit: kcsd0 id=1 nsid=1 opcode=0x79 admin=0 cdw2=0x0 cdw3=0x0 cdw10=0x200 cdw11=0x0 cdw12=0x0 cdw13=0x4 cdw14=0x0 cdw15=0x0
	x-1 [000] 100.000020: kcsd_cmd_submit: kcsd0 id=3 nsid=3 opcode=0x06 admin=1 cdw2=0x0 cdw3=0x0 cdw10=0x5 cdw11=0x4000000 cdw12=0x0 cdw13=0x0 cdw14=0x0 cdw15=0x0
	x-1 [000] 100.000020: kcsd_cmd_device: kcsd0 id=3 nsid=3 opcode=0x06 admin=1 op=8 arrival=0 start=0 end=1
	x-1 [000] 100.000021: kcsd_cmd_submit: kcsd0 id=2 nsid=1 opcode=0x7d admin=0 cdw2=0x0 cdw3=0x0 cdw10=0x200 cdw11=0x0 cdw12=0x3 cdw13=0x0 cdw14=0x0 cdw15=0x0
	END
	code 0 "kcsd, zones" replay --zone-size 2M --json kcsd
	value .kinds.reset.commands 1
	value .kinds.append.bytes 16384
	code 0 "kcsd, resets without zones" replay --json kcsd
	value '.left_out | has("commands of zones, which the drive has not, and trims of parts of zones")' \
		true
	value .kinds.append.commands 1
}

# zoned WANTED NAME LINE...: replay a trace on zones of 2 MiB, of whose writes so many are refused.
zoned()
{
	local wanted=$1 name=$2

	shift 2
	trace zoned "fio version 2 iolog" "$@"
	code 0 "zones: $name" replay --zone-size 2M --size 8M --json zoned
	value .writes_refused "$wanted"
}

check_zones()
{
	zoned 0 "a zone begins where the first write goes" "/d write 65536 4096" "/d write 69632 4096" \
		"/d write 6291456 4096"
	zoned 1 "an overwrite" "/d write 65536 4096" "/d write 65536 4096" "/d write 69632 4096"
	zoned 2 "a refused write does not move the pointer" "/d write 0 4096" "/d write 8192 4096" \
		"/d write 12288 4096" "/d write 4096 4096"
	zoned 1 "a full zone" "/d write 0 2097152" "/d write 0 4096"
	zoned 0 "a reset" "/d write 0 2097152" "/d trim 0 2097152" "/d write 0 4096"
	zoned 1 "a write over the end of a zone" "/d write 2093056 8192"
	kcsd_event()
	{
		echo "x-1 [000] 1.0: kcsd_cmd_submit: kcsd0 id=1 nsid=1 opcode=$1 admin=0 cdw2=0x0" \
			"cdw3=0x0 cdw10=$2 cdw11=0x0 cdw12=$3 cdw13=$4 cdw14=0x0 cdw15=0x0"
	}
	{
		kcsd_event 0x01 0x0 0x0 0x0		# write 4 KiB to zone 0
		kcsd_event 0x79 0x0 0x0 0x102		# finish all zones
		kcsd_event 0x01 0x1 0x0 0x0		# zone 0 is full
		kcsd_event 0x01 0x200 0x0 0x0		# zone 1 is not
		kcsd_event 0x79 0x200 0x0 0x2		# finish zone 1
		kcsd_event 0x7d 0x200 0x0 0x0		# an append to it
	} >"$work/finish"
	code 0 "zones: finish" replay --zone-size 2M --json finish
	value .writes_refused 2
	value .kinds.finish.commands 2
	code 0 "zones: a program that writes the same LBAs twice" replay --zone-size 2M \
		--run "$bpf/redact.bpf.o" --content "$work/numbers" --arg 7 --lba 0+1:rw --count 2 --json
	value '.writes_refused > 0' true
	code 0 "zones: as text" replay --zone-size 2M finish
	prints "WARNING: 2 of 4 writes would fail on a drive with zones: they are not at the write"
	code 0 "no zones, nothing refused" replay --json finish
	value .writes_refused 0
}

# The program adds up 1 MiB in chunks of 64 KiB.
check_runs()
{
	code 0 "a run alone" replay "${paper[@]}" --run "$bpf/sum.bpf.o" --lba 0+256 --json
	value .kinds.run.commands 1
	value .run.media_accesses 16
	value .run.output_bytes 0
	is "  and it computes" "$(jq '.kinds.run.parts_ns.compute > 0' "$work/out")" true
	cp "$work/out" "$work/alone"
	local -a one=()
	for name in alu mul div access taken not_taken call helper; do
		one+=(--param "${name}_cycles=100")
	done
	code 0 "a cycle for each instruction" replay "${paper[@]}" --run "$bpf/sum.bpf.o" --lba 0+256 \
		"${one[@]}" --param helper_byte_cycles=0 --json
	value '.run | .cycles - .instructions' 0
	code 0 "a clock of half the speed" replay "${paper[@]}" --run "$bpf/sum.bpf.o" --lba 0+256 \
		--param unit_mhz=600 --json
	is "  and computation takes twice as long" "$(jq -s '.[0].kinds.run.parts_ns.compute -
		2 * .[1].kinds.run.parts_ns.compute | fabs < 100' "$work/out" "$work/alone")" true
	code 0 "four runs on two units" replay --run "$bpf/sum.bpf.o" --lba 0+256 --count 4 \
		--run-depth 4 --param units=2 --json
	value .kinds.run.commands 4
	value '.busy_ns.unit | length' 2
	value .kinds.run.bytes 4194304
	code 0 "runs beside a trace" replay "${paper[@]}" --run "$bpf/sum.bpf.o" --lba 0+256 --json same
	value .kinds.read.commands 4
	value .kinds.run.commands 1
	seq 1000 >"$work/numbers"
	code 0 "content" replay --run "$bpf/lines.bpf.o" --content "$work/numbers" --json
	value .run.media_accesses 1
	code 0 "output" replay --run "$bpf/grep.bpf.o" --content "$work/numbers" --arg 99 --json
	value .run.output_bytes "$(grep 99 "$work/numbers" | wc -c)"
	value .run.result "$(grep -c 99 "$work/numbers")"
	code 3 "a program that faults" replay --run "$bpf/tests/behave.bpf.o" --program read_lba
	says "--run: "
	code 4 "a program that returns an error" replay --run "$bpf/csv.bpf.o" --content "$work/numbers"
	says "log: CPARAM1 is the column, from 1"
	says "--run: the program returned an error: -22 (an argument of the program or of a helper is not valid)"
	is "  and nothing is replayed" "$(wc -c <"$work/out")" 0
	code 1 "a program without LBAs" replay --run "$bpf/lines.bpf.o"
	says "the program can read nothing: --content or --lba gives it LBAs"
	says "the program has no LBAs, and there is no trace: give the capacity of the drive with --size"
	code 0 "the same on a drive" replay --run "$bpf/lines.bpf.o" --size 1G --json
	says "the program can read nothing"
	code 1 "no such program" replay --run "$work/none"
	says "No such file"
	code 1 "no such content" replay --run "$bpf/sum.bpf.o" --content "$work/none"
	says "--content: $work/none: No such file"
}

check_drive()
{
	code 0 "a preset" replay --preset 970pro same
	prints "drive: 970pro"
	prints "capacity: 1 MiB, as much as is used (--size gives another one)"
	prints "flash: 8 channels of 2 dies, blocks of 32 KiB; erases take no time (erase_ns is 0)"
	prints "compute: 2 units of 1200 MHz"
	code 0 "a preset that is changed" replay --preset 970pro --param program_ns=1 --size 1G \
		--param erase_ns=9000000 --param channels=8 same
	prints "drive: 970pro, but program_ns=1 erase_ns=9000000"
	prints "capacity: 1 GiB"
	code 0 "as JSON" replay --preset 970pro --param program_ns=1 --size 1G --json same
	value '.changed | join(" ")' program_ns
	value .parameters.program_ns 1
	value .parameters.media flash
	value .parameters.block_pages 1
	value .size_given true
	code 0 "channels without a bandwidth" replay same
	prints "flash: 8 channels of 8 dies, blocks of 1 MiB; channels take no time (channel_mbps is 0)"
	code 0 "zones" replay --preset zn540 same
	prints "flash: 8 channels of 4 dies, zones of 2 GiB on 32 dies; erases take no time (erase_ns is 0)"
	code 0 "no flash" replay --preset optane same
	prints "no flash: 4 lanes, pieces of 4 KiB"
	trace wide "fio version 2 iolog" "/d read 0 131072" "/d read 131072 131072" \
		"/d read 262144 131072" "/d read 393216 131072"
	code 0 "8 channels" replay --preset 970pro --depth 4 --json wide
	cp "$work/out" "$work/eight"
	code 0 "2 channels" replay --preset 970pro --param channels=2 --param dies=8 \
		--param partitions=2 --depth 4 --json wide
	is "  and channels count" "$(jq -s '2 * .[0].device_ns > 3 * .[1].device_ns' "$work/out" \
		"$work/eight")" true
}

check_columns()
{
	local -a free=(--param link_read_mbps=0 --param read_part_ns=0 --param read_page_ns=0)

	code 0 "too few commands for percentiles" replay "${paper[@]}" same
	is "  and they are left out" "$(grep -c '^read  *4 .* 41.0  *41.0  *-  *-  *-  *-  *41.0$' \
		"$work/out")" 1
	code 0 "commands that take no time" replay "${free[@]}" same
	is "  and have no rate" "$(grep -c '^read  *4  *-  *-  *0.0 ' "$work/out")" 1
	code 0 "as JSON" replay "${free[@]}" --json same
	value '.kinds.read | "\(.iops) \(.bytes_per_s)"' "null null"
}

check_media()
{
	# 970pro programs 32 KiB in each of 4 partitions, to which units of 4 KiB belong by turns.
	trace few "fio version 2 iolog" "/d write 0 16384"
	code 0 "what is in the buffer at the end" replay --preset 970pro --json few
	value .media.written_bytes 131072
	value .media.padded_bytes 114688
	value .media.write_amplification 8
	trace all "fio version 2 iolog" "/d write 0 131072"
	code 0 "programs without padding" replay --preset 970pro --json all
	value .media.write_amplification 1
	code 0 "as text" replay --preset 970pro few
	prints "media: 0 bytes read, 128 KiB programmed, of that 0 bytes moved, 112 KiB padding; 0 erases"
	prints "write amplification: 8.000"
}

check_refused()
{
	code 1 "no such trace" replay "$work/none"
	says "$work/none: No such file or directory"
	code 1 "a directory" replay "$work"
	says "$work: Is a directory"
	code 1 "a device" replay /dev/null
	says "/dev/null can be read only once"
	trace empty "fio version 3 iolog"
	code 1 "a trace without commands" replay empty
	says "the traces have no commands"
	trace wrong "fio version 3 iolog" "1 /d read 0 4096" "2 /d fly 0 4096"
	code 1 "the same from a pipe" replay --size 1G - < <(cat "$work/empty")
	says "the traces have no commands"
	code 1 "a wrong line" replay wrong
	says "wrong:3: the action is not known: '2 /d fly 0 4096'"
	code 1 "a wrong format" replay --format blkparse same
	says "same:1: it is not an event of blkparse: 'fio version 2 iolog'"
	trace far "fio version 2 iolog" "/d read 1152921504606846976 4096"
	code 1 "an address that no drive has" replay far
	says "which do not fit this machine"
	code 1 "behind the end of the drive" replay --size 1G far
	says "far:2: it ends behind the end of the drive"
	code 2 "a size that is no capacity" replay --size 1000 same
	says "must be a multiple of 1M"
	code 0 "parameters" replay --show
	is "  and all have a line" "$(grep -c '^unit_mhz  *1200 .*MHz ' "$work/out")" 1
	is "  and all columns have room" "$(grep -c '^alu_cycles  *100  *hundredths of a cycle  *instr' \
		"$work/out")" 1
	code 2 "parameters and a trace" replay --show same
	says "--show replays nothing"
	code 2 "zones that no drive has" replay --zone-size 3M same
	says "--zone-size: must be a power of 2 from 4K on"
	code 2 "completions as arrivals" replay --open --action C blk
	says "--action C with --open: requests do not arrive when they have completed"
	trace two "fio version 2 iolog" "/d read 0 4096" "/dev/b read 0 4096" "/d read 0 4096"
	code 1 "no such device" replay --device /dev/c two
	says "the traces have no commands of /dev/c, but of: /d /dev/b"
	{
		echo "fio version 2 iolog"
		seq -f '/dev/device%.0f read 0 4096' 20
	} >"$work/many"
	code 1 "no such device among many" replay --device /dev/c many
	says "the traces have no commands of /dev/c, but of: /dev/device1 /dev/device2"
	code 1 "a figure that cannot be written" replay --plot none/x.svg same
	says "--plot: none/x.svg: No such file or directory"
	is "  and nothing is replayed" "$(wc -c <"$work/out")" 0
	code 1 "a figure of another kind" replay --plot x.png same
	says "must end with .svg"
	if command -v gnuplot >/dev/null; then
		code 0 "a figure" replay --plot x.svg same
		point "  and it is one" grep -q '</svg>' "$work/x.svg"
	else
		code 1 "no gnuplot" replay --plot x.svg same
		says "--plot draws with gnuplot, which is not installed"
	fi
	[ "$(id -u)" != 0 ] && return
	code 0 "no privileges" replay same
}

begin
check_closed
check_open
check_pipes
check_kinds
check_runs
check_zones
check_drive
check_columns
check_media
check_refused
finish

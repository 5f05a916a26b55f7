#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test how the kcsd command loads and unloads programs, and the built-in programs of a drive.
. ../lib/lib.sh
. ./cli_lib.sh

test_load()
{
	code 0 "load" load -d $NAME "$bpf/word.bpf.o"
	prints "index: 0"
	prints "program: word"
	code 0 "load, to an index, active, JSON" load -d $NAME -i 5 --puid 0x1234 --activate \
		--json "$bpf/crc32c.bpf.o"
	has '[.index, .program, .active] | @csv' '5,"crc32c",true'
	code 1 "load, the index is taken" load -d $NAME -i 5 "$bpf/word.bpf.o"
	code 1 "load, no such index" load -d $NAME -i 8 "$bpf/word.bpf.o"
	says "at index 8 of $drive: Invalid Program Index: there are 0 to 7"
	code 0 "programs, JSON" programs -d $NAME --json
	has length 2
	has '.[0] | [.index, .program, .active, .puid, .runs] | @csv' '0,"word",false,0,0'
	has '.[1] | [.index, .program, .active, .puid, .faults] | @csv' '5,"crc32c",true,4660,0'
	code 0 "programs" programs -d $NAME
	prints "crc32c"
}

test_life()
{
	code 1 "run, not active" run -d $NAME 0 --arg x
	says "Not Activated"
	code 0 "activate" activate -d $NAME 0
	code 0 "activate, again" activate -d $NAME 0
	code 0 "run, by index" run -d $NAME 0 --arg x --lba 0
	prints "result: 0"
	code 0 "programs, it ran once" programs -d $NAME --json
	has '.[0].runs' 1
	code 0 "stats, of the program" stats -d $NAME programs/0/runs
	is "  and the value" "$out" "programs/0/runs 1"
	code 1 "unload, active" unload -d $NAME 0
	says "Program In Use"
	code 0 "deactivate" deactivate -d $NAME 0
	code 0 "unload" unload -d $NAME 0
	code 1 "unload, twice" unload -d $NAME 0
	says "No Program"
	code 1 "activate, an empty index" activate -d $NAME 0
	says "No Program"
	code 1 "activate, no such index" activate -d $NAME 99
	says "cannot activate program 99: Invalid Program Index: $drive has 0 to 7"
	code 1 "unload, no such index" unload -d $NAME 64
	says "cannot unload program 64: Invalid Program Index: $drive has 0 to 7"
	code 1 "run, no such index" run -d $NAME 64
	says "cannot run program 64: Invalid Program Index: $drive has 0 to 7"
	code 1 "run, an empty index" run -d $NAME 0
	says "cannot run program 0: No Program ('kcsd programs' lists what is loaded)"
	code 0 "unload, by force" unload -d $NAME --force 5
	code 0 "programs, none" programs -d $NAME
	prints "no programs"
	code 0 "programs, none, JSON" programs -d $NAME --json
	has length 0
}

test_bad_objects()
{
	local program

	for program in load run; do
		code 1 "$program, no such file" $program -d $NAME "$work/none.o"
		says "none.o"
		code 1 "$program, no ELF" $program -d $NAME lib.sh
		says "lib.sh"
		code 1 "$program, not for BPF" $program -d $NAME /bin/true
		says "true"
		: >"$work/empty.o"
		code 1 "$program, an empty file" $program -d $NAME "$work/empty.o"
		says "empty.o"
		head -c 1000 "$bpf/word.bpf.o" >"$work/half.o"
		code 1 "$program, half a file" $program -d $NAME "$work/half.o"
		says "half.o"
		code 1 "$program, no program" $program -d $NAME "$bpf/tests/no_program.bpf.o"
		says "no_program.bpf.o"
		code 1 "$program, an unknown helper" $program -d $NAME \
			"$bpf/tests/unknown_helper.bpf.o"
		says "section kcsd"
		says "instruction"
		says "unknown_helper.bpf.c"
		code 1 "$program, too big" $program -d $NAME "$bpf/tests/too_big.bpf.o"
		says "Program Too Big: at most "
		code 1 "$program, more memory than a unit has" $program -d $NAME \
			"$bpf/tests/behave.bpf.o" -p heap --heap 2M
		says "more memory than a compute unit has: 217"
		says "(data 4096, heap 2097152, the rest stack and arguments), and there are 1048576"
		says "'kcsd create --arena-size' sets the memory of a program, --heap"
		code 1 "$program, several programs and no name" $program -d $NAME "$bpf/tests/behave.bpf.o"
		says "echo"
		code 1 "$program, not a program of the object" \
			$program -d $NAME "$bpf/tests/behave.bpf.o" \
			-p none
		says "none"
	done
	code 0 "bad objects leave nothing loaded" programs -d $NAME --json
	has length 0
}

test_keep()
{
	behave "run, keep" 0 add --keep
	says "stays at index 0"
	code 0 "run, the program still loaded" run -d $NAME 0 --cparam1 7
	prints "result: 7"
	code 1 "run, where no index is free" load -d $NAME -i 0 "$bpf/word.bpf.o"
	code 0 "unload, the program still loaded" unload -d $NAME -f 0
}

# Test the built-in programs by name, on a drive that has them.
test_builtin()
{
	local own=$NAME-own

	code 0 "create, with device-defined programs" create $own --size 8M --max-programs 2
	code 0 "programs, device-defined" programs -d $own --json
	has '[.[] | [.index, .program, .builtin, .active] | @csv] | join(" ")' \
		'2,"word",true,false 3,"grep",true,false 4,"crc32c",true,false 5,"histogram",true,false'
	code 0 "programs, as text" programs -d $own
	prints "builtin"
	code 0 "run, by name" run -d $own word --arg abc --lba 0 --json
	has .result 0
	code 0 "run, by name, again" run -d $own word --arg abc --lba 0 --json
	code 1 "run, no such name" run -d $own wort --arg abc --lba 0
	says "wort: no such file, and no program with this name on"
	code 2 "run, by name, with an option of objects" run -d $own word --keep
	says "--keep is for object files"
	code 1 "load, to a device-defined index" load -d $own -i 3 "$bpf/word.bpf.o"
	says "Program Index Not Downloadable"
	code 1 "unload, a device-defined program" unload -d $own 4
	says "Program Index Not Downloadable (it is built into the drive)"
	code 0 "load, first" load -d $own "$bpf/word.bpf.o"
	code 0 "load, second" load -d $own "$bpf/word.bpf.o"
	code 1 "load, no index is left" load -d $own "$bpf/word.bpf.o"
	code 0 "info, device-defined programs" info --json -d $own
	has '[.max_programs, .device_programs, .load_granularity] | @csv' 2,4,1
	code 0 "delete" delete $own
}

begin_cli
test_load
test_life
test_bad_objects
test_keep
test_builtin
end_cli

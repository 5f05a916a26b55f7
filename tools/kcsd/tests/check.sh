#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test the kcsd command without a drive. Print TAP.
#
#	check.sh KCSD PARSE_TEST MANUAL_PAGE
set -u
export LC_ALL=C

kcsd=$1
parse_test=$2
manual=$3
. "$(dirname "$0")/../../../selftests/tap/tap.sh"

# run ARGUMENT...: run kcsd. Set $code to its exit code; save output to $work/out and err.
run()
{
	"$kcsd" "$@" >"$work/out" 2>"$work/err" </dev/null
	code=$?
}

commands()
{
	"$kcsd" help | sed -n 's/^  \([a-z-]\{1,\}\)  .*/\1/p'
}

# True if kcsd printed one line to standard error and nothing else, with this exit code.
refused()
{
	if [ "$code" = "$1" ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ]; then
		return 0
	fi
	echo "exit code $code"
	cat "$work/out" "$work/err"
	return 1
}

says()
{
	grep -q -F -e "$1" "$work/err" || { cat "$work/err"; return 1; }
}

check_parsing()
{
	adopt parse < <("$parse_test" || echo "not ok - parse_test: exit code $?")
}

check_help()
{
	local command

	point "help lists commands" test "$(commands | wc -l)" -ge 13
	for command in $(commands); do
		run "$command" --help
		point "$command --help succeeds" test "$code" = 0
		cp "$work/out" "$work/help"
		run help "$command"
		point "help $command says the same" cmp "$work/out" "$work/help"
		point "help $command has a usage line" \
			grep -q "^Usage: kcsd $command " "$work/out"
		run "$command" -h
		point "$command -h says the same" cmp "$work/out" "$work/help"
	done
	run --help
	point "--help is help" test "$code" = 0
	run version
	point "version prints one" grep -q '^kcsd [0-9]*\.[0-9]*\.[0-9]*$' "$work/out"
	cp "$work/out" "$work/version"
	run --version
	point "--version is version" cmp "$work/out" "$work/version"
	"$kcsd" help >/dev/full 2>"$work/err"
	point "a full disk is noticed" test $? = 1
}

# Print the option names of a command: common ones, or those under "Advanced options:".
help_part()
{
	"$kcsd" help "$1" | awk -v wanted="$2" '
		BEGIN { part = "common" }
		/^Advanced options:$/ { part = "advanced" }
		part == wanted && /^  (-., |    )--/ { sub(/^  (-.,)? */, ""); print $1 }' | paste -sd' '
}

# Test which options a newcomer sees first. No option is in both parts: check_manual counts them.
check_advanced()
{
	local command

	point "create --help: common options" test "$(help_part create common)" = \
		"--size --block-size --backing-file --cus --slm-size --zone-size --kv-size --preset --json --help"
	point "run --help: common options" test "$(help_part run common)" = \
		"--arg --data --cparam1 --cparam2 --len --output --format --program --json --drive \
--lba --file --key --key-prefix --store-prefix --anywhere --range --keep --help"
	point "sim --help: common options" test "$(help_part sim common)" = \
		"--arg --data --cparam1 --cparam2 --len --output --format --program --json --lba \
--grant --zone-size --slm --range --write-back --trace --help"
	point "replay --help: common options" test "$(help_part replay common)" = \
		"--preset --param --show --size --depth --open --run --lba --content --count --arg \
--plot --json --help"
	for command in $(commands); do
		case $command in
		create | replay | run | select | sim)
			point "$command --help: advanced options follow" \
				test -n "$(help_part "$command" advanced)" ;;
		*)
			point "$command --help: no advanced options" \
				test -z "$(help_part "$command" advanced)" ;;
		esac
	done
}

# usage SENTENCE ARGUMENT...: test for exit code 2 and this sentence.
usage()
{
	local sentence=$1

	shift
	run "$@"
	point "exit code 2: kcsd $*" refused 2
	point "and it says: $sentence" says "$sentence"
}

check_usage()
{
	local command word

	usage "a command is missing"
	usage "unknown command 'fly'" fly
	usage "unknown command 'fly'" help fly
	for command in $(commands); do
		usage "unknown option '--fly'" "$command" --fly
		usage "unknown option '-Z'" "$command" -Z
	done
	for command in list programs log serve version; do
		usage "unexpected 'extra'" "$command" extra
	done
	usage "unknown option '-q'" run -xq 0
	usage "option '--json' takes no value" run 0 --json=1
	usage "option '--out' can be one of --output, --out-max" run 0 --out 4
	usage "unexpected 'b'" create a b
	usage "unexpected 'b'" info a b
	usage "NAME is missing" create
	usage "NAME... is missing" delete
	usage "OBJECT is missing" load
	usage "OBJECT is missing" image
	usage "FILE.bpf.c is missing" build
	usage "INDEX... is missing" unload
	usage "INDEX... is missing" activate
	usage "INDEX... is missing" deactivate
	usage "OBJECT|INDEX|NAME is missing" run
	usage "'fly' is none of report, open, close, finish, reset, offline" zone fly
	usage "--all is not for report" zone report --all
	usage "--count is not for reset" zone reset 0 --count 1
	usage "unexpected '5'" zone report 5
	usage "either by LBAs or by --all" zone open
	usage "either by LBAs or by --all" zone open kcsd0
	usage "either by LBAs or by --all" zone reset kcsd0 0 --all
	usage "named twice" zone reset kcsd0 0 --drive kcsd1
	usage "'x' is not a number" zone reset kcsd0 0 x
	usage "named twice" zone report kcsd0 --drive kcsd1
	usage "must be at least 1" zone report --count 0
	usage "'open' is none of empty" zone report --state open
	usage "'conventional' is none of empty" zone report --state conventional
	usage "'x' is neither on nor off" power kcsd0 x
	usage "missing" power kcsd0
	usage "the drive is named twice" power-cut kcsd0 --drive kcsd1
	usage "unexpected 'b'" power-cut a b
	usage "'x' is not a number" power-cut --seed x
	usage "give a trace, or a program with --run" replay
	usage "--count needs --run" replay --count 1 x
	usage "--speed needs --open" replay --speed 2 x
	usage "--open and --depth exclude each other" replay --open --depth 2 x
	usage "'0' is not a number from 0.001 to 1000000" replay --open --speed 0 x
	usage "'1e3' is not a number from 0.001 to 1000000" replay --open --speed 1e3 x
	usage "--depth: must be at least 1" replay --depth 0 x
	usage "--depth: '65537' is more than 65536" replay --depth 65537 x
	usage "--run-depth: must be at least 1" replay --run x --run-depth 0
	usage "'none' is none of fio, blkparse, kcsd" replay --format none x
	usage "--action: 'QD' is not a letter" replay --action QD x
	usage "--block-size: '1024' is neither 512 nor 4096" replay --block-size 1K x
	usage "--zone-size: must be a power of 2 from 4K on" replay --zone-size 1 x
	usage "--preset: there is no 'none'" replay --preset none x
	usage "--param: 'units' is not NAME=VALUE" replay --param units x
	usage "--param: there is no parameter 'unit'" replay --param unit=1 x
	usage "--param: 'units=x': " replay --param units=x y
	usage "'z1' needs zones, and the drive has none" replay --run x --lba z1
	usage "is missing" slm
	usage "'fly' is none of read, write, fill, copy" slm fly
	usage "read: START+LENGTH is missing" slm read
	usage "unexpected '2'" slm read 0+1 2
	usage "--byte is not for read" slm read 0+1 --byte 2
	usage "--lba is not for fill" slm fill 0+1 --lba 2
	usage "--output is not for write" slm write 0 --output x
	usage "is missing" kv
	usage "'fly' is none of put, get, ls, rm, exists, stat, import, export, flush" kv fly
	usage "put: KEY is missing" kv put
	usage "stat: KEY... is missing" kv stat
	usage "import: DIR is missing" kv import
	usage "unexpected 'c'" kv put a b c
	usage "unexpected 'b'" kv ls a b
	usage "unexpected 'x'" kv flush x
	usage "--prefix is not for ls" kv ls --prefix x
	usage "--long is not for stat" kv stat x --long
	usage "--literal is not for export" kv export x --literal
	usage "--json is not for get" kv get x --json
	usage "--if-exists and --if-missing exclude each other" kv put x --if-exists --if-missing
	usage "either by KEYs or by --prefix" kv rm
	usage "either by KEYs or by --prefix" kv rm a --prefix b
	for word in put get exists stat rm; do
		usage "'' is no key: it has no bytes" kv $word ''
		usage "'12345678901234567' is no key: it has more than 16 bytes" kv $word \
			12345678901234567
	done
	usage "'hex:' is no key: it has no bytes" kv get hex:
	usage "'hex:0' is no key: after hex: come pairs" kv get hex:0
	usage "'hex:0g' is no key: after hex: come pairs" kv stat a hex:0g
	usage "'hex:0001020304050607:08090a0b0c0d0e0f10' is no key: it has more than 16" kv get \
		hex:0001020304050607:08090a0b0c0d0e0f10
	usage "'12345678901234567' is no key" kv ls 12345678901234567
	usage "'12345678901234567' is no key" kv rm --prefix 12345678901234567
	usage "'12345678901234567' is no key" kv export x --prefix 12345678901234567
	usage "'fly' is none of create, delete, list" ranges fly
	usage "is missing" ranges
	usage "START+LENGTH... is missing" ranges create
	usage "SET... is missing" ranges delete
	usage "unexpected 'x'" ranges list x
}

check_values()
{
	local name

	usage "option '--size' needs a value" create x --size
	usage "'12x' is not a size" create x --size 12x
	usage "'16E' does not fit 64 bits" create x --size=16E
	usage "'-1' is not a number" create x --cus -1
	usage "'' is not a number" create x --queues ''
	usage "--size: '0' is not valid, it must be at least 1M" \
		create x --size 0
	usage "--size: '1000' is not valid, it must be at least 1M" create x --size 1000
	usage "--size: '9E' is not valid, it must be from 1M to 9223372036854775807" \
		create x --size 9E
	usage "--size: '1048577' is not valid, it must be a multiple of 512" create x --size 1048577
	usage "--block-size: '1K' is not valid, it must be 512 or 4096" \
		create x --block-size 1K
	usage "--cus: '65' is not valid, it must be from 1 to 64" create x --cus 65
	usage "--queue-limit: '0' is not valid, it must be from 1 to 1048576" \
		create x --queue-limit 0
	usage "--arena-size: '100K' is not valid, it must be from 128K to 256M" \
		create x --arena-size 100K
	usage "--arena-size: '1' is not valid, it must be from 128K to 256M" \
		create x --arena-size 1
	usage "--slm-size: '5000' is not valid, it must be a multiple of 4K" create x --slm-size 5000
	usage "--cu-cpus: 'a' is not valid; expected: CPUs" create x --cu-cpus a
	usage "--cu-cpus: '1-' is not valid; expected: CPUs" create x --cu-cpus 1-
	usage "--preset: there is no 'x'" create x --preset x
	usage "--preset zn540 has zones of 2 GiB: --size must be at least that (in memory, or in a file with --backing-file), or --zone-size less" \
		create x --preset zn540
	usage "--depth: must be at least 1" create x --clock virtual --depth 0
	usage "--depth: " create x --clock virtual --depth 4097
	usage "--clock: 'fast' is neither real nor virtual" create x --clock fast
	usage "--late-min-ns: '1000000001' is more than 1000000000" create x --late-min-ns 1000000001
	usage "'1K' is not a number" create x --late-min-ns 1K
	usage "--late-permille: must be at least 1" create x --late-permille 0
	usage "--late-permille: '1001' is more than 1000" create x --late-permille 1001
	usage "--interval: must be at least 1" timing -i 0
	usage "--interval: '86400001' is more than 86400000" timing --interval 86400001
	usage "'1s' is not a number" timing --interval 1s
	usage "--timing: 'channels' is not NAME=VALUE" create x --timing channels
	usage "--timing: there is no parameter 'chanels'" create x --timing chanels=3
	usage "--timing: 'channels=0'" create x --timing channels=0
	usage "--timing: --cus is the number" create x --timing units=3
	usage "--timing: program_size 8192" create x --timing page_size=16K --timing program_size=8K
	usage "--output needs --prometheus" stats -d kcsd0 -o x
	usage "--prometheus prints all counters" stats -d kcsd0 --prometheus --json
	usage "--max-open-zones needs --zone-size" create x --max-open-zones 3
	usage "--zone-capacity is more than --zone-size" create x --zone-size 64M --zone-capacity 65M
	usage "--engine: 'fast' is not valid; expected: engine for programs" create x --engine fast
	usage "--zone-size: '3M' is not valid" create x --zone-size 3M
	usage "--max-append: '12K' is not valid" create x --max-append 12K
	usage "--timeout-ms: '0' is not valid" create x --timeout-ms 0
	usage "--load-granularity: '0' is not valid" create x --load-granularity 0
	usage "program index 'x' is not a number: 'kcsd programs' shows the index of 'x'" unload x
	usage "program index '65536' is more than 65535" activate 65536
	usage "program index '-1' is not a number" deactivate -- -1
	usage "'65536' is more than 65535" load --index 65536 x.o
	usage "the drive is named twice" info --drive kcsd0 kcsd0
	usage "'0+0' is an empty range" run 0 --lba 0+0
	usage "'5-1' ends before it starts" run 0 --lba 5-1
	usage "'1+2:x' is not a range" run 0 --lba 1+2:x
	usage "'x' is not a number" run 0 --cparam1 x
	usage "'x' is not a number" run 0 --cparam2 x
	usage "must be at least 1 instruction" run 0 --budget 0
	usage "must be at least 1 ms" run 0 --timeout 0
	usage "'4294967296' is more than" run 0 --timeout 4294967296
	usage "'16385K' is more than 16777216" run 0 --out-max 16385K
	usage "'png' is none of" run 0 --format png
	usage "'0x1' is not hex" run 0 --arg-hex 0x1
	usage "exclude each other" run 0 --arg a --arg-hex 00
	usage "exclude each other" run 0 --arg-file a --data a
	usage "exclude each other" run 0 --json --output -
	usage "--keep is for object files" run 0 --keep
	usage "--program is for object files" run 0 --program x
	usage "--heap is for object files" run 0 --heap 1M
	usage "'x' is not a number" log --after x
	usage "must be at least 1" serve --per-user 0
	usage "must be at least 1" serve --total 0
	usage "must be at least 1" serve --seconds 0
	usage "--total: '1025' is more than 1024" serve --total 1025
	usage "--memory must be at least 64M" serve --memory 63M
	usage "'1+x' is not a range of bytes" ranges create 1+x
	usage "'0+4G' is 4 GiB or more" ranges create 0+4G
	usage "'0+1' does not begin and end at multiples of 4096" ranges create 0+1
	usage "'1+4K' does not begin and end at multiples of 4096" run 0 --range 1+4K
	for name in '' .x a/b 'a b' "$(printf 'x%.0s' $(seq 32))"; do
		usage "'$name' is not a valid drive name: 1 to 31 letters, digits, '_', '-' and '.'" \
			create "$name"
	done
	usage "range set 'x' is not a number" ranges delete 1 x
	usage "range set '65536' is more than 65535" ranges delete 65536
}

# Test that kcsd inject explains rules that configfs refuses without a message.
check_rules()
{
	local word

	usage "'fly' is none of read, write, append, flush, execute, store, retrieve, delete, list, clear" inject kcsd0 fly
	usage "'media_error' is none of read" inject fly media_error
	usage "'x' is none of lba=, media_error, timeout, delay=, next=" inject read x
	usage "'LBA=1+1' is none of" inject read LBA=1+1
	usage "'media_error=1' is none of" inject read media_error=1
	usage "a rule needs exactly one of media_error, timeout, delay=MS" inject read
	usage "a rule needs exactly one of media_error, timeout, delay=MS" inject read media_error timeout
	usage "'timeout': timeout is given twice" inject -d x write timeout timeout
	usage "flush has no LBAs" inject flush lba=0+1 timeout
	usage "execute has no LBAs" inject execute lba=0+1 timeout
	usage "store has no LBAs" inject store lba=0+1 timeout
	usage "seed= needs probability=" inject read timeout seed=1
	usage "unexpected 'x'" inject kcsd0 clear x
	usage "--json is only for a list of rules" inject kcsd0 clear --json
	for word in lba=1 lba=1+0 lba=x+1 lba=1+1x lba=+1 lba=18446744073709551615+2 lba=0x1+1; do
		usage "'$word' is not lba=START+COUNT" inject read "$word" media_error
	done
	for word in delay= delay=0 delay=1s delay=-1 delay=86400001; do
		usage "'$word' is not delay=MS, from 1 to 86400000" inject read "$word"
	done
	for word in next= next=0 next=4294967296 next=0x1; do
		usage "'$word' is not next=N" inject read media_error "$word"
	done
	for word in probability= probability=0 probability=0.0 probability=1.1 probability=2 \
		    probability=.5 probability=1. probability=0.0000000001 probability=0.1x; do
		usage "'$word' is not probability=P" inject read media_error "$word"
	done
	for word in seed= seed=-1 seed=x seed=18446744073709551616; do
		usage "'$word' is not seed=N" inject read media_error probability=1 "$word"
	done
}

# fails SENTENCE ARGUMENT...: test for exit code 1 and one line with this sentence.
fails()
{
	local sentence=$1

	shift
	run "$@"
	point "exit code 1: kcsd ${*//$work/...}" refused 1
	point "and it says: $sentence" says "$sentence"
}

check_files()
{
	head -c 65537 /dev/zero >"$work/long"
	fails "No such file" run 0 --arg-file "$work/none"
	fails "the argument is longer than 65536 bytes" run 0 --arg-file "$work/long"
	fails "--data: $work/none: No such file" run 0 --data "$work/none"
	fails "No such file" run 0 --output "$work/none/out"
	fails "none: No such file or directory; create it first: 'truncate -s SIZE FILE'" \
		create x --backing-file "$work/none"
	fails "--kv-file: $work/none: No such file or directory; create it first: 'truncate -s 0 FILE'" \
		create x --kv-file "$work/none"
	fails "$work/none" run "$work/none"
	fails "$work/none" load "$work/none"
	fails "$manual" run "$manual"
	fails "$manual" load "$manual"
}

check_no_drive()
{
	local command

	if [ -e /sys/class/kcsd ]; then
		skip "without a module, what to do" "the module is loaded"
		return
	fi
	for command in info programs log stats "kv ls" "kv put x" "run 0" "unload 0" "activate 0" "deactivate 0" list \
		       "create x"; do
		# shellcheck disable=SC2086 # words
		fails "insmod kcsd.ko" $command
	done
	# Each option takes its minimum and its maximum.
	fails "insmod kcsd.ko" create x --size 1M --block-size 512 --cus 64 --engine jit \
		--arena-size 256M --timeout-ms 86400000 --zone-size 0 --max-append 8K --slm-size 0 \
		--insn-budget 18446744073709551615 --load-granularity 64K --quick-us 0 \
		--kv-size 4T --kv-max-value 1 --kv-max-keys 4294967295
	for command in info programs log stats; do
		fails "there is no drive 'kcsd7'" $command --drive kcsd7
		fails "there is no drive 'other'" $command --drive other
	done
	for command in "delete x" "inject x" "inject x read media_error" "power x on" \
		       "power-cut x" "info x" "info kcsd7" "stats -d /dev/kcsd7"; do
		# shellcheck disable=SC2086 # words
		fails "the kcsd module is not loaded; 'insmod kcsd.ko' loads it" $command
	done
	fails "insmod kcsd.ko" inject clear
	fails "insmod kcsd.ko" power-cut
}

# Print the section of a command: from its heading, which names one or two, to the next.
manual_section()
{
	awk -v name="$1" '/^\.S[SH]/ { on = 0; for (i = 2; i <= NF; i++) on += $i == name }
		on && !/^\.S[SH]/' "$work/manual"
}

# Print the options of --help, one on a line: "-o --output 1M" for "default: 1M", "-" for none.
help_options()
{
	"$kcsd" help "$1" | awk '
		function flush() {
			if (name != "" && name != "--help")
				print letter, name, value
		}
		/^  (-., |    )--/ {
			flush()
			letter = /^  -/ ? substr($1, 1, 2) : "-"
			name = /^  -/ ? $2 : $1
			value = "-"
		}
		name != "" && match($0, /default: [0-9][0-9A-Z]*/) {
			value = substr($0, RSTART + 9, RLENGTH - 9)
		}
		END { flush() }' | sort -k 2
}

# The same for the page: a heading may have two options, the text below it has the default.
manual_options()
{
	awk '
		function flush(    i) {
			for (i = 1; i <= nr; i++)
				print letters[i], names[i], value
			nr = 0
		}
		/^\.(TP|PP|SS|SH)/ { flush() }
		heading {
			gsub(/[",|]/, " ")
			for (i = 1; i <= NF; i++) {
				if ($i !~ /^--[a-z]/)
					continue
				names[++nr] = $i
				letters[nr] = $(i - 1) ~ /^-.$/ ? $(i - 1) : "-"
			}
			value = "-"
		}
		!heading && match($0, /[Dd]efault: [0-9][0-9A-Z]*/) && value == "-" {
			value = substr($0, RSTART + 9, RLENGTH - 9)
		}
		{ heading = /^\.TP/ }
		END { flush() }' "$work/section" | sort -k 2
}

# True if both name the same options and letters, and defaults that are numbers in both agree.
same_options()
{
	diff <(help_options "$1" | cut -d' ' -f1,2) <(manual_options | cut -d' ' -f1,2) &&
		! join <(help_options "$1" | cut -d' ' -f2,3) <(manual_options | cut -d' ' -f2,3) |
			awk '$2 != "-" && $3 != "-" && $2 != $3' | grep .
}

# True if each option in the text of the page is an option of a command.
known_options()
{
	sed 's/[^a-z0-9-]\(--[a-z]\)/\n\1/g' "$work/manual" | sed -n 's/^\(--[a-z][a-z0-9-]*\).*/\1/p' |
		sort -u >"$work/named"
	for command in $(commands); do
		help_options "$command" | cut -d' ' -f2
	done | sort -u >"$work/known"
	! comm -23 "$work/named" "$work/known" | grep .
}

# True if the page has an entry for each program of bpf/ that is installed.
known_programs()
{
	local top

	top=$(dirname "$manual")/../..
	diff <(cd "$top/bpf" && printf '%s\n' ./*.bpf.c | sed 's|^\./||; s/c$/o/' | sort) \
		<(sed -n 's/^\.B \(.*\.bpf\.o\)$/\1/p' "$work/manual" | sort)
}

check_manual()
{
	local command node status

	if command -v mandoc >/dev/null; then
		point "the manual page is well-formed" mandoc -T lint -W warning "$manual"
	else
		skip "the manual page is well-formed" "there is no mandoc"
	fi
	# Strip the formatting: "\-" is "-"; drop bold and italic.
	sed 's/\\-/-/g; s/\\f[BIRP]//g; s/\\&//g' "$manual" >"$work/manual"
	for command in $(commands); do
		manual_section "$command" >"$work/section"
		point "the manual page has a section on $command" test -s "$work/section"
		point "the manual page and $command --help have the same options and defaults" \
			same_options "$command"
	done
	# shellcheck disable=SC2046 # words
	point "the manual page has no sections on other commands" \
		test "$(sed -n '/^\.SH COMMANDS/,/^\.SH PROG/ { s/^\.SS //p }' "$work/manual" |
			sed 's/ and / /' | tr ' ' '\n' | sort | paste -sd' ')" = \
		"$(commands | sort | paste -sd' ')"
	point "the manual page names no options that there are not" known_options
	point "the manual page has the programs of bpf/" known_programs
	for node in kcsd0 kcsd0n1 kcsdg0n1 kcsdg0n2 kcsdg0n3 kcsdg0n4; do
		point "the manual page has the node $node" grep -q "^\.I.*/dev/$node\b" "$work/manual"
	done
	for status in 0 1 2 3 4 5 6; do
		point "the manual page has exit status $status" grep -q -x "\.B $status" "$work/manual"
		point "help has exit status $status" test -n "$("$kcsd" help | grep "[ ,:]$status [a-z]")"
	done
}

echo "TAP version 13"
check_parsing
check_help
check_advanced
check_usage
check_values
check_rules
check_files
check_no_drive
check_manual
finish

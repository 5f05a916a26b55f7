#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test programs on objects with the kcsd command: by key, by prefix, refusals.
. ../lib/lib.sh

# run WANTED NAME ARGUMENT...: kcsd run on the drive, expect this exit code; sets out and err.
run()
{
	local wanted=$1 label=$2 got

	shift 2
	"$kcsd" run -d "kcsd$index" "$@" >"$work/out" 2>"$work/err"
	got=$?
	out=$(<"$work/out")
	err=$(<"$work/err")
	[ $got = "$wanted" ]
	verdict $? "$label"
	[ $got = "$wanted" ] || printf '%s\n' "exit code $got, wanted $wanted" "$out" "$err" |
		head -n 20 | sed 's/^/# /'
}

says()
{
	[[ $err == *"$1"* ]]
	verdict $? "  and says: $1"
	[[ $err == *"$1"* ]] || echo "# $err"
}

put()
{
	"$kcsd" kv put -d "kcsd$index" "$@"
}

# The number that a program returned.
result()
{
	sed -n 's/^result: *\([0-9]*\).*/\1/p' "$work/out"
}

test_keys()
{
	printf 'one two one' | put logs/1
	printf ' one' | put logs/2
	printf 'on' | put logs/3
	printf 'e one' | put logs/4
	put logs/empty </dev/null
	printf 'one' | put hex:00ff
	run 0 "one object" "$bpf/word.bpf.o" --arg one --key logs/1
	is "  the words in it" "$(result)" 2
	run 0 "two objects" "$bpf/word.bpf.o" --arg one --key logs/1 --key logs/2
	is "  the words in them" "$(result)" 3
	run 0 "a word from one object to the next" "$bpf/word.bpf.o" --arg one --key logs/3 \
		--key logs/4
	is "  which is found" "$(result)" 2
	run 0 "an object twice" "$bpf/word.bpf.o" --arg one --key logs/1 --key logs/1
	is "  counts twice" "$(result)" 4
	run 0 "a key in hexadecimal" "$bpf/word.bpf.o" --arg one --key hex:00ff
	is "  the words in it" "$(result)" 1
	run 0 "an empty object" "$bpf/word.bpf.o" --arg one --key logs/empty
	is "  no words" "$(result)" 0
	run 0 "a prefix" "$bpf/word.bpf.o" --arg one --key-prefix logs/
	is "  the words below it" "$(result)" 5
	run 0 "all objects" "$bpf/word.bpf.o" --arg one --key-prefix ''
	is "  the words in them" "$(result)" 6
	run 0 "a prefix and a key" "$bpf/word.bpf.o" --arg one --key-prefix logs/ --key hex:00ff
	is "  the words in all" "$(result)" 6
}

test_audit()
{
	run 0 "audit" "$bpf/word.bpf.o" --arg one --key logs/1 --key logs/2 --audit
	is "  has each" "$(sed -n '/^audit/,/^output/p' "$work/out" | head -n -1 | paste -sd,)" \
		"audit: 2 ranges,  object logs/1 read,  object logs/2 read"
	run 0 "audit, not in order, one twice" "$bpf/word.bpf.o" --arg one --key logs/4 \
		--key logs/1 --key logs/1 -A
	is "  has each" "$(grep -c '^  object logs/[14] read$' "$work/out")" 3
	run 0 "audit of a prefix and a key" "$bpf/word.bpf.o" --arg one --key hex:00ff \
		--key-prefix logs/ -A
	point "  has the key" grep -q '^  object hex:00ff read$' "$work/out"
	point "  has the objects below the prefix in one line" \
		grep -q '^  4 objects read, logs/1 to logs/4$' "$work/out"
	run 0 "audit in JSON" "$bpf/word.bpf.o" --arg one --key logs/1 --audit --json
	is "  has the object" "$(jq -r '.audit.ranges[0] | .first_key, .objects, .access' \
		<"$work/out" | paste -sd' ')" "logs/1 1 read"
}

# sent OPTION...: run a program. Prints the bytes that it sent to the drive, as the command and as the
# drive count them.
sent()
{
	local before

	before=$(cat "/sys/class/kcsd/kcsd$index/stats/host_write_bytes")
	"$kcsd" run -d "kcsd$index" --json word --arg one "$@" | jq .link_to_drive_bytes
	echo $(($(cat "/sys/class/kcsd/kcsd$index/stats/host_write_bytes") - before))
}

test_link()
{
	local header=64 source=24 key=24 grant=24

	point "load a program" "$kcsd" load -d "kcsd$index" -a "$bpf/word.bpf.o" || return
	is "bytes to the drive, of a key" "$(sent --key logs/1 | paste -sd' ')" \
		"$((header + source + key + 3)) $((header + source + key + 3))"
	is "  of five keys" "$(sent --key-prefix logs/ | paste -sd' ')" \
		"$((header + 5 * (source + key) + 3)) $((header + 5 * (source + key) + 3))"
	is "  of a prefix to store" "$(sent --key logs/1 --store-prefix out/ | paste -sd' ')" \
		"$((header + source + key + grant + 3)) $((header + source + key + grant + 3))"
}

# Every program reads an object as it reads a file.
test_programs()
{
	seq 1 20000 >"$work/numbers"
	put numbers "$work/numbers"
	run 0 "lines" "$bpf/lines.bpf.o" --key numbers
	is "  as many as wc counts" "$(result)" 20000
	run 0 "grep, with output" "$bpf/grep.bpf.o" --arg 777 --key numbers -o "$work/found"
	grep 777 "$work/numbers" >"$work/wanted"
	point "  as grep finds" cmp "$work/found" "$work/wanted"
	run 0 "sha256" "$bpf/sha256.bpf.o" --key numbers --hex
	point "  as sha256sum has it" grep -q "$(sha256sum "$work/numbers" | cut -c1-32)" <(
		tr -d ' \n' <"$work/out" | sed 's/[0-9a-f]*://g')
}

# A program that stores: what it made of an object is the object again.
test_store()
{
	local pieces

	seq 1 20000 >"$work/numbers"
	split -C 10000 "$work/numbers" "$work/piece-"
	pieces=$(find "$work" -name 'piece-*' | wc -l)
	run 0 "split an object into others" "$bpf/split.bpf.o" --key numbers --arg part/ \
		--cparam1 10000 --store-prefix part/ --audit
	is "  into as many as split makes" "$(result)" "$pieces"
	is "  and the audit names each" "$(grep -c '^  object part/.* stored$' "$work/out")" "$pieces"
	is "  whose first key" "$("$kcsd" kv ls -d "kcsd$index" part/ | head -n 1)" part/000000
	point "export them" "$kcsd" kv export -d "kcsd$index" --prefix part/ "$work/parts"
	is "  equal those of split" "$(cat "$work"/parts/part/* | md5sum)" "$(md5sum <"$work/numbers")"
	run 0 "read them by their prefix" "$bpf/sha256.bpf.o" --key-prefix part/ --hex
	mv "$work/out" "$work/wanted"
	run 0 "  and the object" "$bpf/sha256.bpf.o" --key numbers --hex
	is "  are the same" "$(grep '^0' "$work/out")" "$(grep '^0' "$work/wanted")"
	run 4 "objects that exist" "$bpf/split.bpf.o" --key numbers --arg part/ --store-prefix part/
	says "-17"
	run 4 "without --store-prefix" "$bpf/split.bpf.o" --key numbers --arg new/
	says "--store-prefix"
	run 4 "another prefix" "$bpf/split.bpf.o" --key numbers --arg new/ --store-prefix part/
	says "-13"
	run 0 "LBAs into objects" "$bpf/split.bpf.o" --lba all --arg lbas/ --store-prefix lbas/
	is "  of 64 KiB" "$("$kcsd" kv stat -d "kcsd$index" lbas/000015)" "lbas/000015: 65536 bytes"
	point "remove them" "$kcsd" kv rm -d "kcsd$index" --prefix part/
	point "remove the others" "$kcsd" kv rm -d "kcsd$index" --prefix lbas/
}

test_many()
{
	local i

	mkdir -p "$work/tree/m"
	for i in {1..10000}; do
		echo "word $i word" >"$work/tree/m/$i"
	done
	point "import 10,000 objects" "$kcsd" kv import -d "kcsd$index" "$work/tree"
	run 0 "10,000 objects in one run" "$bpf/word.bpf.o" --arg word --key-prefix m/
	is "  the words in them" "$(result)" "$(cat "$work"/tree/m/* | grep -o word | wc -l)"
}

test_refusals()
{
	run 6 "a key that does not exist" "$bpf/word.bpf.o" --arg one --key logs/1 --key none
	says "no object has the key 'none'"
	run 6 "  in JSON" "$bpf/word.bpf.o" --arg one --key none --json
	is "  the key" "$(jq -r '.key, .message' "$work/out" | paste -sd,)" \
		"none,no object has the key 'none'"
	run 1 "a prefix of no key" "$bpf/word.bpf.o" --arg one --key-prefix none
	says "no key begins with 'none'"
	run 2 "a key that is too long" "$bpf/word.bpf.o" --arg one --key 01234567890123456
	says "--key: "
	run 2 "an empty key" "$bpf/word.bpf.o" --arg one --key ''
	run 2 "with --lba" "$bpf/word.bpf.o" --arg one --key logs/1 --lba all
	says "--key and --key-prefix exclude --lba, --file"
	run 2 "a prefix to store that is too long" "$bpf/word.bpf.o" --arg one --key logs/1 \
		--store-prefix 01234567890123456
	says "--store-prefix: "
	run 0 "a prefix to store" "$bpf/word.bpf.o" --arg one --key logs/1 --store-prefix out/ \
		--store-prefix ''
	is "  and what it reads" "$(result)" 2
	run 2 "with --len" "$bpf/word.bpf.o" --arg one --key logs/1 --len 1
	run 2 "with --anywhere" "$bpf/word.bpf.o" --arg one --key-prefix '' --anywhere
}

test_damage()
{
	echo "retrieve media_error next=1" >"$CONFIG/$name/inject"
	run 4 "a damaged value" "$bpf/word.bpf.o" --arg one --key logs/1 --key logs/2
	says "an access of object logs/1 failed"
	run 0 "  and again" "$bpf/word.bpf.o" --arg one --key logs/1 --key logs/2
}

test_no_namespace()
{
	point "create a drive without objects" create_drive none size=1M kv_size=0 || return
	run 1 "a key, on a drive without objects" "$bpf/word.bpf.o" --arg one --key a
	says "has no objects: create a drive with --kv-size"
	run 1 "a prefix to store, on a drive without objects" "$bpf/word.bpf.o" --arg one \
		--store-prefix a --lba 0+1
	says "has no objects: create a drive with --kv-size"
	run 1 "a prefix, on a drive without objects" "$bpf/word.bpf.o" --arg one --key-prefix a
	says "has no objects"
	point "remove the drive" delete_drive none
}

begin
need find grep jq md5sum paste sed seq sha256sum split tr wc
find_kcsd
point "create a drive" create_drive keys size=1M kv_size=32M kv_max_value=4M || finish
test_keys
test_audit
test_link
test_programs
test_store
test_many
test_refusals
test_damage
point "remove the drive" delete_drive keys
test_no_namespace
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test objects with the kcsd command: files, pipes, odd keys, directories, a full namespace.
. ../lib/lib.sh

# kv WANTED NAME ARGUMENT...: run kcsd kv without standard input, expect this exit code.
kv()
{
	local wanted=$1 label=$2 action=$3

	shift 3
	kv_run "$wanted" "$label" kv "$action" -d "kcsd$index" "$@" </dev/null
}

# kv_run WANTED NAME ARGUMENT...: run kcsd, expect this exit code; sets out and err.
kv_run()
{
	local wanted=$1 label=$2 got

	shift 2
	"$kcsd" "$@" >"$work/out" 2>"$work/err"
	got=$?
	{ out=$(<"$work/out"); } 2>/dev/null	# that there are NULs
	err=$(<"$work/err")
	[ $got = "$wanted" ]
	verdict $? "$label"
	[ $got = "$wanted" ] || printf '%s\n' "exit code $got, wanted $wanted" "$out" "$err" |
		head -n 20 | sed 's/^/# /'
}

# put KEY: store standard input.
put()
{
	"$kcsd" kv put -d "kcsd$index" "$@"
}

says()
{
	[[ $err == *"$1"* ]]
	verdict $? "  and says: $1"
	[[ $err == *"$1"* ]] || echo "# $err"
}

# Number of List commands until now.
lists()
{
	cat "/sys/class/kcsd/kcsd$index/ns4/list_commands"
}

# Keys of the drive, as kcsd prints them.
keys()
{
	"$kcsd" kv ls -d "kcsd$index" "$@"
}

test_values()
{
	random "$work/value" 100000
	kv 0 "put a file" put file "$work/value"
	kv 0 "get it into a file" get file "$work/got"
	point "  and it is equal" cmp "$work/got" "$work/value"
	point "put from a pipe" put pipe < <(cat "$work/value")
	kv 0 "get to standard output" get pipe
	point "  and it is equal" cmp "$work/out" "$work/value"
	point "put an empty value" put empty </dev/null
	kv 0 "stat an empty value" stat empty
	is "  and prints its length" "$out" "empty: 0 bytes"
	kv 0 "get an empty value" get empty "$work/empty"
	is "  which is an empty file" "$(stat -c %s "$work/empty")" 0
	kv 0 "put, the longest value" put longest "$work/longest"
	kv 0 "get the longest value" get longest "$work/got"
	point "  and it is equal" cmp "$work/got" "$work/longest"
	kv 1 "put a file that is too long" put long "$work/long"
	says "long has more than 4 MiB, the longest value that kcsd$index takes"
	kv_run 1 "put a pipe that is too long" kv put -d "kcsd$index" long < <(cat "$work/long")
	says "standard input has more than 4 MiB"
	kv 6 "  and there is no object" exists long
	kv 1 "put a directory" put dir "$work"
	says "Is a directory"
	kv 1 "put a file that does not exist" put none "$work/none"
	says "No such file"
}

test_conditions()
{
	kv 6 "put --if-exists, a new object" put cond --if-exists
	says "no object has the key 'cond'"
	kv 0 "put --if-missing, a new object" put cond --if-missing
	kv 6 "put --if-missing, an object" put cond --if-missing
	says "an object has the key 'cond' already"
	kv 0 "put --if-exists, an object" put cond --if-exists
	kv 6 "get an object that does not exist" get none
	says "no object has the key 'none'"
	kv 6 "stat, one does not exist" stat cond none
	is "  and prints the other" "$out" "cond: 0 bytes"
	kv 0 "exists" exists cond file
	kv 6 "exists, one does not" exists cond none
	kv 6 "rm, one does not exist" rm none cond
	says "no object has the key 'none'"
	kv 6 "  and the other was deleted" exists cond
	kv 0 "flush" flush
}

# Output files: whole or as they were.
test_outputs()
{
	echo old >"$work/old"
	chmod 640 "$work/old"
	ln -s old "$work/link"
	kv 6 "get into a file, no object" get none "$work/old"
	is "  which stays" "$(cat "$work/old")" old
	kv 0 "get into a link" get file "$work/link"
	point "  which stays" test -L "$work/link"
	point "  and its file has the value" cmp "$work/old" "$work/value"
	is "  and its mode" "$(stat -c %a "$work/old")" 640
	kv 1 "get, a full disk" get file /dev/full
	says "/dev/full: No space left on device"
	mkdir "$work/small"
	mount -t tmpfs -o size=64k tmpfs "$work/small"
	echo old >"$work/small/old"
	kv 1 "get, a full file system" get file "$work/small/old"
	says "No space left on device"
	is "  and the file stays" "$(cat "$work/small/old")" old
	is "  and nothing else" "$(ls "$work/small")" old
	kv 1 "export, a full file system" export "$work/small/export" --prefix file
	says "No space left on device"
	is "  and no half file" "$(find "$work/small/export" -type f)" ""
	umount "$work/small"
	kv 1 "get into a directory" get file "$work"
	"$kcsd" kv get -d "kcsd$index" file 2>"$work/err" | head -c 1 >/dev/null
	is "get to a pipe that nobody reads" "$(<"$work/err")" ""
}

test_keys()
{
	local key

	kv 0 "rm --prefix '', all" rm --prefix ''
	is "ls, nothing" "$(keys)" ""
	for key in a hex:00 hex:ff0a a/b a:b hex:6865783a61 1234567890123456 'with space'; do
		echo "$key" | put "$key"
		verdict $? "put $key"
		kv 0 "get $key" get "$key"
		is "  and it is the one" "$out" "$key"
	done
	is "ls, in the order of bytes" "$(keys | paste -sd' ')" \
		"hex:00 1234567890123456 a a/b a:b hex:6865783a61 with space hex:ff0a"
	is "ls of a prefix" "$(keys a | paste -sd' ')" "a a/b a:b"
	is "ls of a prefix in hex" "$(keys hex:61 | paste -sd' ')" "a a/b a:b"
	is "ls of another" "$(keys b)" ""
	is "ls --long" "$(keys -l a/ | awk '{ print $1, $2 }')" "4 a/b"
	is "ls --json" "$(keys --json a | jq -r 'map(.key) | join(" ")')" "a a/b a:b"
	is "ls --long --json" "$(keys -l --json a/ | jq -c .)" '[{"key":"a/b","bytes":4}]'
	is "ls --json, nothing" "$(keys --json b | jq -c .)" '[]'
	kv 0 "rm --prefix" rm --prefix a/ --json
	is "  and prints how many" "$(jq .objects "$work/out")" 1
}

# The content of a directory: its files with their sums.
tree_of()
{
	(cd "$1" && find . -type f -print0 | sort -z | xargs -0 -r md5sum)
}

test_tree()
{
	mkdir -p "$work/tree/logs/old" "$work/tree/empty"
	echo 1 >"$work/tree/logs/1"
	echo 2 >"$work/tree/logs/old/2"
	: >"$work/tree/.hidden"
	echo 3 >"$work/tree/größe"
	echo 4 >"$work/tree/100%25"
	echo 5 >"$work/tree/- *"
	kv 0 "rm all" rm --prefix ''
	kv 0 "import a tree" import "$work/tree" --json
	is "  and prints how many" "$(jq -c . "$work/out")" '{"objects":6,"bytes":10}'
	is "  with their keys" "$(keys | paste -sd' ')" \
		"- * .hidden 100% hex:6772c3b6c39f65 logs/1 logs/old/2"
	kv 0 "export" export "$work/export"
	is "  which is the same tree" "$(tree_of "$work/export")" "$(tree_of "$work/tree")"
	kv 1 "export into what is not empty" export "$work/export"
	says "is not empty: name a new directory"
	kv 0 "export a prefix" export "$work/part" --prefix logs/
	is "  which is a part" "$(cd "$work/part" && find . -type f | sort | paste -sd' ')" \
		"./logs/1 ./logs/old/2"
}

# A file that cannot become an object: a sentence, and nothing is stored.
refuse_tree()
{
	local label=$1 text=$2

	kv 1 "import, $label" import "$work/tree"
	says "$text"
	says "nothing was stored: 1 of the files in $work/tree cannot become objects"
	is "  which is true" "$(keys)" ""
}

test_refused_trees()
{
	kv 0 "rm all" rm --prefix ''
	echo x >"$work/tree/logs/123456789012"
	refuse_tree "a name that is too long" "logs/123456789012 is longer than 16 bytes"
	rm "$work/tree/logs/123456789012"
	echo x >"$work/tree/50%"
	refuse_tree "a % that is none" "50% has a % without two hexadecimal digits"
	kv 0 "import --literal" import --literal "$work/tree"
	is "  and % is a byte" "$(keys 100%; keys 50%)" $'100%25\n50%'
	kv 0 "rm all" rm --prefix ''
	rm "$work/tree/50%"
	ln -s logs "$work/tree/link"
	refuse_tree "a link" "link is a symbolic link, which is not followed"
	rm "$work/tree/link"
	mkfifo "$work/tree/fifo"
	refuse_tree "a pipe" "fifo is neither a file nor a directory"
	rm "$work/tree/fifo"
	echo x >"$work/tree/logs%2f1"
	refuse_tree "the same key twice" "has the same key as"
	rm "$work/tree/logs%2f1"
	truncate -s 5M "$work/tree/long"
	refuse_tree "a value that is too long" "long has more than 4 MiB"
	ln -s logs "$work/tree/link"
	kv 0 "import --skip" import --skip "$work/tree"
	says "2 of the files in $work/tree are left out"
	kv 0 "rm all" rm --prefix ''
	rm "$work/tree/long" "$work/tree/link"
	kv 1 "import --prefix, too long" import --prefix 0123456789ab "$work/tree"
	says "and the prefix are longer than 16 bytes"
	kv 0 "import --prefix" import --prefix in/ --flush "$work/tree"
	is "  each key begins with it" "$(keys in/)" "$(keys)"
	point "  all are there" [ "$(keys | wc -l)" = "$(find "$work/tree" -type f | wc -l)" ]
	kv 0 "rm all" rm --prefix ''
	kv 1 "import what is no directory" import "$work/value"
	says "Not a directory"
}

# Keys that try to leave the directory.
test_hostile_keys()
{
	local key

	for key in ../x /x a//b . .. ./a a/.. a/ hex:612f00 hex:00 x x/y x/y/z %part %41; do
		echo "$key" | put "$key"
	done
	mkdir "$work/jail"
	kv 0 "export hostile keys" export "$work/jail/in"
	is "  which stay inside" "$(ls "$work/jail")" in
	is "  all of them" "$(find "$work/jail/in" -type f | wc -l)" 15
	keys >"$work/before"
	kv 0 "rm all" rm --prefix ''
	kv 0 "import them again" import "$work/jail/in"
	is "  with the same keys" "$(keys)" "$(<"$work/before")"
	kv 0 "get one" get ../x
	is "  with its value" "$out" ../x
	kv 0 "rm all" rm --prefix ''
	echo 1 | put d/1
	mkdir "$work/elsewhere"
	ln -s "$work/elsewhere" "$work/to-elsewhere"
	kv 0 "export through a link to a directory" export "$work/to-elsewhere"
	point "  is there" test -f "$work/elsewhere/d/1"
	kv 0 "rm all" rm --prefix ''
}

# Random keys of random bytes: export, import, export are the same.
test_random_keys()
{
	local i

	mkdir "$work/random"
	for ((i = 0; i < 300; i++)); do
		od -An -v -tx1 -w$((1 + RANDOM % 16)) -N16 /dev/urandom | head -n 1 | tr -d ' ' |
			sed 's/2[0-9a-f]/2f/g; s/../%&/g'
	done | sort -u | while read -r name; do
		echo "$name" >"$work/random/$name"
	done
	kv 0 "import random keys" import "$work/random"
	is "  all of them" "$(keys | wc -l)" "$(find "$work/random" -type f | wc -l)"
	kv 0 "export them" export "$work/random1"
	keys -l >"$work/before"
	kv 0 "rm all" rm --prefix ''
	kv 0 "import what was exported" import "$work/random1"
	is "  and it is the same" "$(keys -l | md5sum)" "$(md5sum <"$work/before")"
	kv 0 "export again" export "$work/random2"
	is "  and it is the same" "$(tree_of "$work/random2")" "$(tree_of "$work/random1")"
	kv 0 "rm all" rm --prefix ''
}

# 10,000 objects: List reads no more than it must.
test_many()
{
	local before

	mkdir "$work/many"
	(cd "$work/many" && seq -f 'k%05g' 10000 | split -l 1 -d -a 5 - k)
	before=$(cat "/sys/class/kcsd/kcsd$index/ns4/store_commands")
	kv 0 "import 10,000 objects" import "$work/many"
	is "  each with one command" \
		$(($(cat "/sys/class/kcsd/kcsd$index/ns4/store_commands") - before)) 10000
	before=$(lists)
	is "ls, all" "$(keys | wc -l)" 10000
	point "  by several Lists" test $(($(lists) - before)) -gt 1
	before=$(lists)
	is "ls of a prefix" "$(keys k0777 | wc -l)" 10
	is "  by one List" $(($(lists) - before)) 1
	before=$(lists)
	is "ls of a key" "$(keys k09999)" k09999
	is "  by one List" $(($(lists) - before)) 1
	is "ls --long" "$(keys -l | awk '{ sum += $1 } END { print NR, sum }')" "10000 70000"
	kv 0 "export them" export "$work/many1"
	is "  and they are equal" "$(tree_of "$work/many1" | md5sum)" \
		"$(tree_of "$work/many" | md5sum)"
	"$kcsd" kv ls -d "kcsd$index" 2>"$work/err" | head -n 1 >/dev/null
	is "ls, nobody reads it" "$(<"$work/err")" ""
	kv 0 "rm them by prefix" rm --prefix k
	is "  all" "$(keys)" ""
}

test_full()
{
	mkdir "$work/full"
	for ((i = 0; i < 20; i++)); do
		cp "$work/longest" "$work/full/$i"
	done
	kv 1 "import more than fits" import "$work/full"
	says "there is no room for object"
	says "of 20 objects were stored"
	kv 1 "put more than fits" put more "$work/longest"
	says "there is no room for object 'more': it takes 4194308 bytes, of 33554432 bytes for objects"
	kv 0 "rm some" rm --prefix ''
	kv 0 "put what fits now" put more "$work/longest"
	kv 0 "rm it" rm more
	kv 0 "put another" put b/1 "$work/value"
}

# as_nobody WANTED NAME ARGUMENT...: kcsd kv as another user, expect this exit code.
as_nobody()
{
	local wanted=$1 label=$2 action=$3 as=(setpriv --reuid 65534 --regid 65534 --clear-groups)

	shift 3
	"${as[@]}" "$kcsd" kv "$action" -d "kcsd$index" "$@" </dev/null >"$work/out" 2>"$work/err"
	is "$label" $? "$wanted"
	err=$(<"$work/err")
}

# Another user needs the node of namespace 4, and to read the controller.
test_rights()
{
	local ctrl=/dev/kcsd$index node=/dev/kcsdg${index}n4

	chmod 600 "$ctrl" "$node"
	as_nobody 1 "ls, no rights" ls
	says "$ctrl: Permission denied"
	chmod 644 "$ctrl"
	as_nobody 1 "ls, the controller only" ls
	says "$node: Permission denied"
	chmod 644 "$node"
	as_nobody 0 "ls, both for reading" ls
	as_nobody 0 "flush, both for reading" flush
	as_nobody 1 "put, both for reading" put rights
	says "$node: Permission denied"
	chmod 666 "$node"
	as_nobody 0 "put, the node for writing" put rights
	as_nobody 0 "rm" rm rights
	setpriv --reuid 65534 --regid 65534 --clear-groups "$kcsd" run -d "kcsd$index" \
		"$bpf/word.bpf.o" --arg a --key b/1 2>"$work/err"
	is "run, the controller for reading" $? 1
	err=$(<"$work/err")
	says "$ctrl: Permission denied"
	chmod 600 "$ctrl" "$node"
}

# The examples of the library.
test_examples()
{
	if [ ! -x "$examples/objects" ]; then
		skip "examples" "run 'make lib', or set KCSD_EXAMPLES"
		return
	fi
	is "the example objects" "$("$examples/objects" "kcsd$index" 1000 2>&1)" \
		"1000 objects, 8890 bytes"
	is "  leaves none" "$(keys example/)" ""
	is "the example run, on two objects" "$("$examples/run" "kcsd$index" "$bpf/word.bpf.o" a \
		b/1 b/1 2>&1 | cut -d' ' -f1)" \
		"$((2 * $(grep -a -o a "$work/value" | wc -l)))"
	is "the example run, no such object" "$("$examples/run" "kcsd$index" "$bpf/word.bpf.o" a \
		none 2>&1)" "Key Does Not Exist"
	is "the example uring_kv" "$("$examples/uring_kv" "/dev/kcsdg${index}n4" uring hello 2>&1)" hello
	is "  has stored it" "$("$kcsd" kv get -d "kcsd$index" uring)" hello
	is "the example uring_kv, another namespace" "$("$examples/uring_kv" "/dev/kcsdg${index}n2" x y 2>&1)" \
		"uring_kv: Invalid argument"
}

# inject RULE: add a rule for errors; "clear": remove all.
inject()
{
	echo "$1" >"$CONFIG/$name/inject"
}

# Objects that cannot be read: their names, and the others nevertheless.
test_damaged()
{
	kv 0 "rm all" rm --prefix ''
	mkdir "$work/three"
	for key in a b c; do
		echo $key >"$work/three/$key"
	done
	kv 0 "import three objects" import "$work/three"
	inject "retrieve media_error next=1"
	kv 1 "get a damaged object" get b "$work/damaged"
	says "object 'b' is damaged"
	point "  leaves no file" test ! -e "$work/damaged"
	inject clear
	inject "retrieve media_error next=1"
	kv 1 "export a damaged object" export "$work/damaged-export"
	says "left out: object 'a' is damaged"
	is "  and the others" "$(ls "$work/damaged-export" | paste -sd' ')" "b c"
	inject clear
	inject "retrieve media_error next=1"
	kv 1 "ls --long, a damaged object" ls -l
	is "  and the others" "$(awk '{ print $1, $2 }' "$work/out" | paste -sd,)" \
		"damaged a,2 b,2 c"
	says "1 objects are damaged"
	inject clear
	inject "list media_error next=1"
	kv 1 "ls, a failed List" ls
	says "cannot list keys from the first"
	inject clear
	inject "store media_error next=1"
	kv 1 "import, a failed Store" import "$work/three"
	says "of 3 objects were stored"
	inject clear
	inject "delete media_error next=1"
	kv 1 "rm --prefix, a failed Delete" rm --prefix ''
	says "objects were deleted"
	inject clear
	kv 0 "import them again" import "$work/three"
}

# hits N: wait until N commands, or more, were delayed.
hits()
{
	local i number

	for ((i = 0; i < 100 * ${KCSD_TEST_SLOW:-1}; i++)); do
		number=$(sed -n 's/.*hits=//p' "$CONFIG/$name/inject")
		[ "$number" -lt "$1" ] || return 0
		sleep 0.1
	done
	return 1
}

# Keys that are deleted between List and Retrieve.
test_vanished()
{
	local pid

	inject "retrieve delay=1000000"
	"$kcsd" kv export -d "kcsd$index" "$work/vanished" >"$work/out" 2>"$work/err" &
	pid=$!
	point "three Retrieves are delayed" hits 3
	"$kcsd" kv rm -d "kcsd$index" b
	inject clear
	wait $pid
	is "export, an object vanishes" $? 0
	is "  which it says" "$(<"$work/err")" "kcsd: left out: no object has the key 'b'"
	is "  and the others are there" "$(ls "$work/vanished" | paste -sd' ')" "a c"
	inject "retrieve delay=1000000"
	"$kcsd" kv ls -l -d "kcsd$index" >"$work/out" 2>"$work/err" &
	pid=$!
	point "two Retrieves are delayed" hits 2
	"$kcsd" kv rm -d "kcsd$index" a
	inject clear
	wait $pid
	is "ls --long, an object vanishes" $? 0
	is "  which it says" "$(<"$work/err")" "kcsd: 1 objects were deleted meanwhile"
	is "  and the other is there" "$(awk '{ print $2 }' "$work/out")" c
}

# Shown on a terminal, and nowhere else.
test_progress()
{
	command -v script >/dev/null || { skip "progress" "no script(1)"; return; }
	inject "store delay=1500"
	script -qec "$kcsd kv import -d kcsd$index $work/three" /dev/null >"$work/out" 2>&1 </dev/null
	inject clear
	point "import shows progress on a terminal" grep -q "1 objects, 2 bytes of 6 bytes, 1 s" \
		"$work/out"
	inject "store delay=1200"
	kv 0 "import, no terminal" import "$work/three"
	inject clear
	is "  shows none" "$err" ""
}

# A signal ends import: objects are whole, and it says how many there are.
test_signal()
{
	local pid

	mkfifo "$work/fifo"
	"$kcsd" kv put -d "kcsd$index" signal "$work/fifo" &
	pid=$!
	exec 7>"$work/fifo"
	echo part >&7
	kill -TERM $pid
	wait $pid
	is "put, ended by a signal" $? 143
	exec 7>&-
	kv 6 "  has stored nothing" exists signal
	kv 0 "rm all" rm --prefix ''
	mkdir "$work/hundred"
	(cd "$work/hundred" && seq 100 | split -l 1 -d -a 3 - n)
	inject "store delay=1000000"
	"$kcsd" kv import -d "kcsd$index" "$work/hundred" >"$work/out" 2>"$work/err" &
	pid=$!
	point "some Stores are delayed" hits 4
	kill -TERM $pid
	inject clear
	wait $pid
	is "import, ended by a signal" $? 143
	is "  and it says what was stored" "$(<"$work/err")" \
		"kcsd: $(keys | wc -l) of 100 objects were stored"
	point "  which are not all" test "$(keys | wc -l)" -lt 100
}

# A file of objects: it is sound; then its bytes are changed.
test_fsck()
{
	local place

	truncate -s 0 "$work/objects"
	point "create a drive with a file" create_drive kvfile size=1M kv_size=32M \
		kv_max_value=4M "kv_file=$work/objects"
	kv_run 0 "list --json" list --json
	is "  has the file of objects" \
		"$(jq -r '.[].kv_file // empty' "$work/out")" "$work/objects"
	kv 0 "import objects" import "$work/hundred"
	kv 0 "put a long one" put long "$work/longest"
	echo needle-in-an-object | put needle
	point "power off" delete_drive kvfile
	kv_run 0 "fsck" fsck "$work/objects"
	is "  and it counts" "$(grep -E '^(objects|power off|damaged)' "$work/out" | paste -sd,)" \
		"power off: clean,objects: 102"
	kv_run 0 "fsck --json" fsck "$work/objects" --json
	is "  the same" "$(jq -c '[.clean, .objects, .damaged, .damage_list]' "$work/out")" \
		'[true,102,0,[]]'
	kv_run 1 "fsck --zones, no sidecar" fsck "$work/objects" --zones
	says "objects.kcsd: No such file"
	cp --sparse=always "$work/objects" "$work/sound"
	place=$(grep -abo -m1 needle-in-an-object "$work/objects" | cut -d: -f1)
	printf X | dd of="$work/objects" bs=1 seek="$place" conv=notrunc status=none
	kv_run 1 "fsck, a damaged object" fsck "$work/objects"
	says "1 objects are damaged, 0 records are lost"
	is "  and its key" "$(grep -o '^damaged: [a-z]*' "$work/out")" "damaged: needle"
	kv_run 1 "fsck --json, a damaged object" fsck "$work/objects" --json
	is "  and its key" "$(jq -r '.damage_list[].key' "$work/out")" needle
	point "create a drive with that file" create_drive kvfile size=1M kv_size=32M \
		kv_max_value=4M "kv_file=$work/objects"
	kv 1 "get the damaged object" get needle
	says "object 'needle' is damaged"
	kv 0 "get another" get n001
	kv 0 "rm the damaged object" rm needle
	point "power off" delete_drive kvfile
	kv_run 0 "fsck, after that" fsck "$work/objects"
	head -c 4096 /dev/zero | dd of="$work/sound" conv=notrunc status=none
	kv_run 0 "fsck, one superblock" fsck "$work/sound"
	is "  is damaged" "$(grep -o '^damaged copies of the superblock: 1' "$work/out")" \
		"damaged copies of the superblock: 1"
	head -c 1M /dev/zero | dd of="$work/sound" conv=notrunc status=none
	kv_run 1 "fsck, no superblock" fsck "$work/sound"
	says "it is no file of objects, or too damaged to be used"
	truncate -s 0 "$work/none"
	kv_run 1 "fsck, an empty file" fsck "$work/none"
	says "it has no objects: it is empty"
	kv_run 1 "fsck, another file" fsck "$work/value"
	says "value.kcsd: No such file or directory; and"
	says "it is no file of objects, or too damaged to be used"
}

test_no_namespace()
{
	point "create a drive without objects" create_drive kv2 size=1M kv_size=0
	kv 1 "ls, no namespace 4" ls
	says "kcsd$index has no objects: create a drive with --kv-size"
	point "remove it" delete_drive kv2
}

begin
need grep jq od awk md5sum mkfifo setpriv split
find_kcsd
examples=${KCSD_EXAMPLES:-$(dirname "$(first_there ../../lib/examples/uring_run \
	../../build/lib/examples/uring_run)")}
point "create a drive" create_drive kv size=1M kv_size=32M kv_max_value=4M ||
	finish
random "$work/longest" $((4 << 20))
random "$work/long" $(((4 << 20) + 1))
test_values
test_conditions
test_outputs
test_keys
test_tree
test_refused_trees
test_hostile_keys
test_random_keys
test_many
test_full
test_rights
test_examples
test_damaged
test_vanished
test_progress
test_signal
point "remove the drive" delete_drive kv
test_fsck
test_no_namespace
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run programs on files without rights to the drive, by kcsd serve. Refuse what a client must not do;
# clients that stall, die or send garbage leave nothing behind.
# shellcheck disable=SC2154 # block, index, kcsd, bpf: from lib.sh; mount: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

# A command, not a function: in the background, $! is then the process that it becomes.
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)

as_nobody()
{
	"${nobody[@]}" "$@"
}

as_other()
{
	setpriv --reuid 65533 --regid 65533 --clear-groups "$@"
}

# start_service [OPTION...]: sets service, the process.
start_service()
{
	"$kcsd" serve --socket "$socket" "$@" >"$work/service" 2>&1 &
	service=$!
	for _ in {1..50}; do
		[ ! -S "$socket" ] || return 0
		sleep 0.1
	done
	cat "$work/service"
	return 1
}

stop_service()
{
	kill "$service"
	wait "$service"
}

# Print the number of processes that serve a client.
nr_serving()
{
	pgrep -c -P "$service"
}

# until_idle: wait until no client is served.
until_idle()
{
	for _ in {1..300}; do
		[ "$(nr_serving)" != 0 ] || return 0
		sleep 0.1
	done
	ps -ef
	return 1
}

nr_programs()
{
	"$kcsd" programs --drive "kcsd$index" --json |
		jq 'map(select(.builtin | not)) | length'
}

# until_programs NUMBER
until_programs()
{
	for _ in {1..300}; do
		[ "$(nr_programs)" != "$1" ] || return 0
		sleep 0.1
	done
	"$kcsd" programs --drive "kcsd$index"
	return 1
}

# by_nobody PROGRAM OPTION...
by_nobody()
{
	local program=$1

	shift
	as_nobody "$kcsd" run "$programs/$program" --socket "$socket" "$@"
}

# Print what a run reports about its result.
outcome()
{
	grep -vE '^(run time|wait time|link|engine|instructions):'
}

# same FILE...: pass if nobody gets by the service what root gets directly.
same()
{
	local file paths=()

	for file; do
		paths+=(--file "$file")
	done
	is "$what: the same words in ${*##*/}" "$(by_nobody word.bpf.o --arg 99 "${paths[@]}" 2>&1 | outcome)" \
		"$("$kcsd" run "$programs/word.bpf.o" --arg 99 "${paths[@]}" 2>&1 | outcome)"
	is "$what: SHA-256 of ${*##*/}" "$(by_nobody sha256.bpf.o "${paths[@]}" -o - 2>/dev/null |
		od -An -tx1 | tr -d ' \n')" "$(cat "$@" | sha256sum | cut -d ' ' -f 1)"
}

make_files()
(
	mkdir -p "$mount/files" && cd "$mount/files" || return
	: >empty
	random small 100
	seq 100000 >text
	truncate -s 1M hole
	random middle 70000
	truncate -s 1000000 middle
	chmod 644 ./*
	# Only its owner may ask if this file is clean, and make files beside it; and the service.
	chown 12345 text .
)

# A run reads a clone, though its user may not write to the directory, nor may root without rights.
cloned()
{
	point "$what: an endless run" spin
	point "$what: it reads a clone" grep -q '(deleted)$' \
		<(find "/proc/$(pgrep -n -P "$service")/fd" -printf '%l\n')
	kill "$spinning"
	point "$what: it is interrupted" until_programs 0
}

# on TYPE DEVICE [MKFS OPTION...]
on()
{
	local what=$1 file

	make_fs "$@" || return
	chmod 755 "$mount"
	point "$what: make files" make_files
	for file in "$mount"/files/*; do
		same "$file"
	done
	same "$mount/files/text" "$mount/files/small"
	[ -z "$clones" ] || cloned
	end_fs
}

# peer STATUS TEXT NAME ARGUMENT...: pass if the service refuses with this status and sentence.
peer()
{
	local status=$1 text=$2 peer_name=$3

	shift 3
	"$serve_peer" "$socket" "$@" >"$work/.output" 2>&1 &&
		grep -qx "status $status" "$work/.output" && grep -qF -e "$text" "$work/.output"
	verdict $? "$peer_name" && return
	sed 's/^/# /' "$work/.output"
}

refusals()
{
	local file=$mount/files/text

	peer -9 "not open for reading" "a descriptor for writing" pass write "$file"
	peer -9 "not open for reading" "a descriptor of O_PATH" pass path "$file"
	peer -95 "not a regular file but a directory" "a directory" pass read "$mount"
	mkfifo "$mount/fifo"
	peer -95 "not a regular file but a pipe" "a FIFO" pass read "$mount/fifo"
	peer -95 "not a regular file but a block device" "the drive itself" pass read "$block"
	peer -95 "of type tmpfs" "a file on tmpfs" pass read "$work/tmp"
	peer -95 "of type procfs" "a file of procfs" pass read /proc/self/status
	foreign
	peer -22 "another number of files" "fewer files than said" files 3 2 "$file"
	peer -22 "another number of files" "more files than said" files 1 2 "$file"
	peer -22 "impossible number of files" "no file" files 0 0 "$file"
	peer -22 "impossible number of files" "too many files said" files 129 128 "$file"
	peer -22 "a reserved field is not 0" "an unknown flag" flags 2 0 "$file"
	peer -22 "impossible length of the output" "too much output" flags 0 16777217 "$file"
	peer -22 "impossible length of the output" "output as it is emitted, of a length" flags 1 1 "$file"
	peer -71 "more files than a request can have" "too many files passed" files 128 200 "$file"
	peer -71 "files came behind the header" "a file behind the header" late "$file"
	peer -110 "no byte came" "a header that stops" stall 10 "$file"
	peer -110 "no byte came" "a program that stops" stall 80 "$file"
	fails "an option that is not carried" "--audit is for users with rights" \
		by_nobody sum.bpf.o --file "$file" --audit
	fails "a program by its index" "by INDEX or NAME" \
		as_nobody "$kcsd" run 0 --socket "$socket" --file "$file"
	says_by "-v tells" "by the service at $socket" by_nobody sum.bpf.o --file "$file" -v
	is "and else it is silent" "$(by_nobody sum.bpf.o --file "$file" 2>&1 >/dev/null)" ""
	fails "no service" "this user has no rights to it, and there is no service at $work/none" \
		as_nobody "$kcsd" run "$programs/word.bpf.o" --socket "$work/none" --file "$file"
	fails "a fault is reported" "time limit exceeded: 200 ms" \
		by_nobody behave.bpf.o --program spin --timeout 200 --file "$file"
	fails "lines of the log of a program that failed" "log: the argument is the word" \
		by_nobody word.bpf.o --file "$file"
	point "none has left a process" until_idle
	is "none has left a program" "$(nr_programs)" 0
}

# says_by NAME TEXT COMMAND...: pass if the command succeeds and its errors have TEXT.
says_by()
{
	local name=$1 text=$2

	shift 2
	"$@" >/dev/null 2>"$work/.output" && grep -qF -e "$text" "$work/.output"
	verdict $? "$name" || sed 's/^/# /' "$work/.output"
}

# A filesystem of a known type that is on another device.
foreign()
{
	truncate -s 32M "$work/image"
	mkfs.ext4 -q -F "$work/image" && mkdir "$work/loop" && mount -o loop "$work/image" "$work/loop"
	cp "$mount/files/text" "$work/loop/file"
	peer -95 "on the loop device" "a file on another device" pass read "$work/loop/file"
	umount "$work/loop"
}

# spin: have nobody run an endless program; sets spinning, and waits until it runs.
spin()
{
	local before

	before=$(nr_programs)
	by_nobody behave.bpf.o --program spin --timeout 60000 --file "$mount/files/text" \
		>"$work/spin" 2>&1 &
	until_programs $((before + 1))
	# The shell function is a process of its own; its child is the client.
	spinning=$(pgrep -n -u 65534 kcsd)
}

deaths()
{
	point "an endless run" spin
	sleep 0.5
	kill -KILL "$spinning"
	point "its client dies: the program is gone" until_programs 0
	point "and the process" until_idle
	point "an endless run" spin
	sleep 0.5
	kill -KILL "$(pgrep -n -P "$service")"
	point "its process is killed: the program is gone" until_programs 0
	wait "$!" 2>/dev/null
	point "and the client is told" grep -q "the service has ended the connection" "$work/spin"
	same "$mount/files/text"
	by_nobody behave.bpf.o --program spill --cparam1 4000000 --out-max 16M --file "$mount/files/text" \
		-o - >"$work/fifo.out" 2>"$work/slow" &
	wait $!
	is "much output" "$(wc -c <"$work/fifo.out")" 4000000 || sed 's/^/# /' "$work/slow"
}

# deaf [NR]: have nobody run a program and not read its output; adds to deaf, an array.
deaf()
{
	"${nobody[@]}" "$serve_peer" "$socket" deaf "$work/spill" "$mount/files/text" "$@" >"$work/deaf" &
	deaf+=($!)
}

end_deaf()
{
	kill -KILL "${deaf[@]}"
	wait "${deaf[@]}" 2>/dev/null
	deaf=()
}

# A client that does not read its output holds nothing of the drive if its run has ended; if it takes
# output as it is emitted, the run waits. Either is cut off.
slow_reader()
{
	local start=$SECONDS

	deaf
	deaf 1
	sleep 3
	point "a client that does not read: only a run with output to come is there" until_programs 1
	is "but two processes" "$(nr_serving)" 2
	point "another client is served" by_nobody word.bpf.o --arg 99 --file "$mount/files/text" -o -
	for _ in {1..60}; do
		[ "$(nr_serving)" != 0 ] || break
		sleep 1
	done
	is "until they are cut off" "$(nr_serving)" 0
	echo "# after $((SECONDS - start)) s"
	is "no program is left" "$(nr_programs)" 0
	end_deaf
}

# Output of any size: as much as the process may have memory.
much_output()
{
	local spill=(behave.bpf.o --program spill --cparam1 67108864 --file "$mount/files/text")

	by_nobody "${spill[@]}" -o - 2>"$work/served" | cksum >"$work/served.sum"
	is "64 MiB of output" "$(<"$work/served.sum")" "$(head -c 64M /dev/zero | cksum)"
	"$kcsd" run "$programs/${spill[0]}" "${spill[@]:1}" -o - 2>"$work/direct" >/dev/null
	is "and the same report" "$(outcome <"$work/served")" "$(outcome <"$work/direct")"
	by_nobody "${spill[@]}" --cparam1 10000000000 -o - 2>/dev/null | head -c 5000000 >"$work/head"
	is "a reader that goes away" "$(wc -c <"$work/head")" 5000000
	point "leaves no program" until_programs 0
}

# What one user has of a drive at once, runs that wait for their readers, another one can have as well.
share()
{
	deaf 16
	point "16 runs of a user that wait" until_programs 16
	sleep 2
	is "are under way" "$(nr_serving)" 16
	point "another user can have one" timeout 20 setpriv --reuid 65533 --regid 65533 --clear-groups \
		"$kcsd" run "$programs/sha256.bpf.o" --socket "$socket" --file "$mount/files/text" -o -
	is "while they wait" "$(nr_programs)" 16
	end_deaf
	point "they are gone" until_idle
	is "no program is left" "$(nr_programs)" 0
}

# At most 64 MiB for a process.
little_memory()
{
	point "stop the service" stop_service
	point "start it with 64 MiB" start_service --memory 64M --per-user 17
	much_output
	share
	point "stop the service" stop_service
	point "start it again" start_service
}

# Programs of two users, one after the other in the same slot: none gets what the other has logged.
others_log()
{
	local i told=0

	while [ ! -e "$work/enough" ]; do
		as_other "$kcsd" run "$programs/word.bpf.o" --socket "$socket" --file "$mount/files/text"
	done >/dev/null 2>&1 &
	for i in {1..30}; do
		by_nobody behave.bpf.o --program spin --timeout 1 --file "$mount/files/text" 2>&1 |
			grep -q "log:" && told=$((told + 1))
	done
	: >"$work/enough"
	wait $!
	is "lines of another user's program, in $i runs" "$told" 0
}

two_users()
{
	local i pids=()

	for i in 1 2 3 4; do
		by_nobody sum.bpf.o --file "$mount/files/text" >"$work/one.$i" 2>&1 &
		pids+=($!)
		as_other "$kcsd" run "$programs/word.bpf.o" --arg 99 --socket "$socket" \
			--file "$mount/files/text" >"$work/two.$i" 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
	for i in 1 2 3 4; do
		is "two users at once, $i" "$(outcome <"$work/one.$i")" \
			"$("$kcsd" run "$programs/sum.bpf.o" --file "$mount/files/text" 2>&1 | outcome)"
		is "the other user, $i" "$(sed -n 's/^result: //p' "$work/two.$i")" \
			"$(grep -o 99 "$mount/files/text" | wc -l)"
	done
}

# Connections that are refused, with sockets in them whose close would take a minute. Call with all that
# a user may have under way.
slow_closes()
{
	local peer _

	kill -STOP "$service"
	"${nobody[@]}" "$serve_peer" "$socket" linger 4 >"$work/linger" &
	peer=$!
	for _ in {1..50}; do
		[ ! -s "$work/linger" ] || break
		sleep 0.1
	done
	is "files are sent in connections" "$(<"$work/linger")" sent
	kill -CONT "$service"
	point "the service does not wait for their last close" as_other timeout 10 "$kcsd" run \
		"$programs/word.bpf.o" --arg 99 --socket "$socket" --file "$mount/files/text"
	kill -KILL $peer
	wait $peer 2>/dev/null
}

too_many()
{
	"${nobody[@]}" "$serve_peer" "$socket" hold 4 >"$work/held" &
	local holder=$!

	for _ in {1..50}; do
		[ "$(nr_serving)" != 4 ] || break
		sleep 0.1
	done
	fails "too many runs of a user" "this user has too many runs at once" \
		by_nobody sum.bpf.o --file "$mount/files/text"
	point "another user is served" as_other "$kcsd" run "$programs/word.bpf.o" --arg 99 \
		--socket "$socket" --file "$mount/files/text"
	slow_closes
	kill -KILL $holder
	wait $holder 2>/dev/null
	point "they are gone" until_idle
	point "the user is served again" by_nobody sum.bpf.o --file "$mount/files/text"
}

garbage()
{
	local seed

	for seed in 1 2 3; do
		point "garbage, seed $seed" "$serve_peer" "$socket" fuzz $seed 200 "$mount/files/text"
	done
	point "2000 short connections" "$serve_peer" "$socket" short 2000
	point "all are gone" until_idle
	is "no program is left" "$(nr_programs)" 0
	point "the service is the same process" kill -0 "$service"
	point "and serves" by_nobody sum.bpf.o --file "$mount/files/text"
}

# What the process of a client may do.
rights()
{
	local client

	spin
	client=$(pgrep -n -P "$service")
	# CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_SYS_ADMIN
	is "few capabilities" "$(sed -n 's/^CapPrm:\t//p' "/proc/$client/status")" 000000000020000a
	is "and no others in effect" "$(sed -n 's/^CapEff:\t//p' "/proc/$client/status")" \
		000000000020000a
	is "on files it acts for the user of its client" "$(sed -n 's/^Uid:\t//p' "/proc/$client/status")" \
		$'0\t0\t0\t65534'
	is "few capabilities of the service" "$(sed -n 's/^CapEff:\t//p' "/proc/$service/status")" \
		000000000020008a
	is "no new rights" "$(sed -n 's/^NoNewPrivs:\t//p' "/proc/$client/status")" 1
	is "limits" "$(awk '/^Max (address|cpu|open|core)/ { print $(NF - 1) }' "/proc/$client/limits" |
		sort -n | paste -sd ' ')" "0 300 320 536870912"
	kill "$spinning"
	point "an interrupted client leaves nothing" until_programs 0
}

# The limit of time, and the end of the service with runs under way.
ends()
{
	local client

	point "stop the service" stop_service
	point "start it with a limit of 2 s" start_service --seconds 2
	by_nobody behave.bpf.o --program spin --timeout 60000 --file "$mount/files/text" >"$work/spin" 2>&1
	point "a run that takes too long" grep -q "the run was cancelled" "$work/spin"
	is "it leaves no program" "$(nr_programs)" 0
	point "stop the service" stop_service
	point "start it again" start_service
	point "an endless run" spin
	point "stop the service meanwhile" stop_service
	is "the run leaves no program" "$(nr_programs)" 0
	point "start it again" start_service
	point "an endless run" spin
	client=$(pgrep -n -P "$service")
	kill -STOP "$client"
	kill -KILL "$service" "$client"
	wait "$service" 2>/dev/null
	is "a service that is killed leaves a program" "$(nr_programs)" 1
	point "start it again" start_service
	point "and the program is gone" until_programs 0
	fails "a second service at the socket" "in use" "$kcsd" serve --socket "$socket"
}

# A service manager passes the socket.
activated()
{
	local other=$work/other.sock

	"$serve_peer" "$other" activate "$kcsd" serve >"$work/service" 2>&1 &
	service=$!
	for _ in {1..50}; do
		[ ! -S "$other" ] || break
		sleep 0.1
	done
	point "a socket that was passed" as_nobody "$kcsd" run "$programs/word.bpf.o" --arg 99 \
		--socket "$other" --file "$mount/files/text"
	point "stop that service" stop_service
	point "the socket stays" test -S "$other"
	fails "two sockets" "one listening stream socket" \
		"$serve_peer" "$other.2" activate env LISTEN_FDS=2 "$kcsd" serve
	# shellcheck disable=SC2016 # $$: of that shell
	fails "no socket" "one listening stream socket" \
		sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$1" serve 3</dev/null' - "$kcsd"
	LISTEN_FDS=1 LISTEN_PID=1 point "sockets of another process: it makes its own" start_service
	point "stop it" stop_service
}

ratio()
{
	local i start direct=999999999999 served=999999999999 ns

	head -c 64M /dev/urandom >"$mount/files/large"
	chmod 644 "$mount/files/large"
	sync
	for i in 1 2 3 4 5; do
		start=$(date +%s%N)
		setpriv --reuid 0 "$kcsd" run "$programs/sum.bpf.o" --file "$mount/files/large" \
			>"$work/direct"
		ns=$(($(date +%s%N) - start))
		[ $ns -gt $direct ] || direct=$ns
		start=$(date +%s%N)
		by_nobody sum.bpf.o --file "$mount/files/large" >"$work/served"
		ns=$(($(date +%s%N) - start))
		[ $ns -gt $served ] || served=$ns
	done
	echo "# 64 MiB, best of $i: direct $((direct / 1000)) us, by the service $((served / 1000)) us:" \
		"$((served * 100 / direct)) %"
	is "64 MiB, the same result" "$(outcome <"$work/served")" "$(outcome <"$work/direct")"
}

begin
need mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.f2fs jq setpriv pgrep
find_kcsd
begin_files
deaf=()
serve_peer=$(first_there "${OUTPUT:-}/serve_peer" ./serve_peer ../../build/selftests/serve_peer) ||
	skip_all "no serve_peer: build it with 'make selftests'"
socket=$work/serve.sock
programs=$work/programs
chmod 755 "$work"
# Where nobody can read them.
mkdir "$programs"
cp "$bpf"/{word,sha256,sum}.bpf.o "$bpf/tests/behave.bpf.o" "$kcsd" "$serve_peer" "$programs"
kcsd=$programs/kcsd serve_peer=$programs/serve_peer
random "$work/tmp" 100
point "create a drive" create_drive serve size=512M timeout_ms=60000 || finish
"$kcsd" image "$programs/behave.bpf.o" --program spill -o "$work/spill" >"$work/.image"
chmod 644 "$work/spill"
point "start the service" start_service || finish
clones='' on ext4 "$block"
clones=1 on xfs "$block"
clones=1 on btrfs "$block" -d single
clones='' on f2fs "$block"
what=ext4
make_fs ext4 "$block"
chmod 755 "$mount"
point "make files" make_files
refusals
rights
deaths
two_users
others_log
too_many
garbage
slow_reader
little_memory
ratio
ends
point "stop the service" stop_service
activated
end_fs
point "remove the drive" delete_drive serve
finish

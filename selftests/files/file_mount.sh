#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Read marked files through kcsd mount: as the output of their program; all else as it is.
# shellcheck disable=SC2154 # block, index, kcsd, bpf: from lib.sh; mount: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

# start [OPTION...]: mount $mount at $view.
start()
{
	"$kcsd" mount "$mount" "$view" --programs "$programs" --log "$log" --spool "$work/spool" "$@"
}

stop()
{
	umount "$view"
	until_ended
}

nr_mounts()
{
	pgrep -c -f "mount $mount $view"
}

until_ended()
{
	for _ in {1..100}; do
		[ "$(nr_mounts)" != 0 ] || return 0
		sleep 0.1
	done
	return 1
}

# mark FILE TEXT
mark()
{
	setfattr -n user.kcsd.run -v "$2" "$mount/$1"
}

nr_runs()
{
	cat "/sys/class/kcsd/kcsd$index/stats/runs"
}

# Wait until a run of an endless program is under way, or no program is left.
until_programs()
{
	for _ in {1..200}; do
		[ "$("$kcsd" programs --drive "kcsd$index" --json |
			jq 'map(select(.builtin | not)) | length')" != "$1" ] || return 0
		sleep 0.1
	done
	return 1
}

# same NAME COMMAND...: pass if the command prints the same in the mount, for "marked", as for what the
# program emits.
same()
{
	local same_name=$1

	shift
	is "$what: $same_name" "$(cd "$view" && "$@" marked 2>&1 | md5sum)" \
		"$(cd "$expected" && "$@" marked 2>&1 | md5sum)"
}

make_files()
(
	cd "$mount" || return
	seq 100000 >plain
	seq 200000 >marked
	: >empty
	mark marked "grep.bpf.o 99"
	mark empty sha256.bpf.o
	grep 99 marked >"$expected/marked"
	mkdir dir "dir/two words"
	touch dir/file-{1..700}
	ln -s ../plain dir/link
	chmod 600 dir/file-1
	mkfifo fifo
)

# on TYPE DEVICE [MKFS OPTION...]
on()
{
	local what=$1 runs

	make_fs "$@" || return
	point "$what: make files" make_files
	point "$what: mount the view" start || return
	runs=$(nr_runs)
	is "$what: stat runs nothing" "$(stat -c %a "$view/marked" "$view"/dir/* | sort -u | xargs)" \
		"$(stat -c %a "$mount/marked" "$mount"/dir/* | sort -u | xargs)"
	is "$what: no run" "$(nr_runs)" "$runs"
	same "cat" cat
	is "$what: one run" "$(nr_runs)" $((runs + 1))
	is "$what: the size, from then on" "$(stat -c %s "$view/marked")" \
		"$(stat -c %s "$expected/marked")"
	is "$what: output longer than the file" "$(od -An -tx1 "$view/empty" | tr -d ' \n')" \
		"$(sha256sum </dev/null | cut -d ' ' -f 1)"
	is "$what: another file is itself" "$(sum_of "$view/plain")" "$(sum_of "$mount/plain")"
	is "$what: and all else" "$(cd "$view" && find . -printf '%p %y %m %U %G %l %i\n' | sort | md5sum)" \
		"$(cd "$mount" && find . -printf '%p %y %m %U %G %l %i\n' | sort | md5sum)"
	[ -n "$more" ] && "$more"
	point "$what: end the view" stop
	end_fs
}

tools()
{
	same "wc" wc
	same "grep" grep 990
	same "tail" tail -n 3
	same "a part" bash -c 'dd bs=1000 skip=7 count=3 status=none if="$0"'
	same "a mapping" python3 -c 'import mmap, sys
f = open(sys.argv[1], "rb")
m = mmap.mmap(f.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
print(len(m), m[:].count(b"9"), m[-4:])'
	point "$what: cp" cp "$view/marked" "$work/copy"
	point "$what: gives the output" cmp "$work/copy" "$expected/marked"
	point "$what: the file itself is as it was" cmp "$mount/marked" <(seq 200000)
}

# One output for all that have the file open, as long as one of them has.
shared()
{
	local runs i

	runs=$(nr_runs)
	exec 3<"$view/marked" 4<"$view/marked"
	is "$what: two opens are one run" "$(nr_runs)" $((runs + 1))
	is "$what: size of the open file" "$(stat -L -c %s /dev/fd/3)" "$(stat -c %s "$expected/marked")"
	echo 99199 >>"$mount/marked"
	is "$what: it stays what it was" "$(md5sum <&3)" "$(md5sum <"$expected/marked")"
	exec 3<&-
	is "$what: for the other, too" "$(md5sum <&4)" "$(md5sum <"$expected/marked")"
	exec 4<&-
	is "$what: the next open sees the change" "$(tail -n 1 "$view/marked")" 99199
	grep 99 "$mount/marked" >"$expected/marked"
	runs=$(nr_runs)
	for i in 1 2 3 4 5 6; do
		sum_of "$view/marked" >"$work/sum.$i" &
	done
	wait
	is "$what: six readers at once" "$(cat "$work"/sum.* | sort -u)" "$(sum_of "$expected/marked")"
	is "$what: no open of the spool is left" "$(find "/proc/$(pgrep -f "mount $mount $view")/fd" \
		-lname "$work/spool/*" | wc -l)" 0
}

# A mark that comes, goes and changes.
changes()
{
	exec 3<"$view/plain"
	mark plain "grep.bpf.o 77"
	fails "$what: an output, while others read the file" "Device or resource busy" \
		cat "$view/plain"
	is "$what: the file" "$(md5sum <&3)" "$(md5sum <"$mount/plain")"
	exec 3<&-
	is "$what: then the output" "$(sum_of "$view/plain")" "$(grep 77 "$mount/plain" | md5sum | cut -d ' ' -f 1)"
	exec 3<"$view/plain"
	setfattr -x user.kcsd.run "$mount/plain"
	fails "$what: the file, while others read its output" "Device or resource busy" \
		cat "$view/plain"
	exec 3<&-
	is "$what: then the file" "$(sum_of "$view/plain")" "$(sum_of "$mount/plain")"
	logged "was marked while others read it" "mark was taken off while"
	echo more >>"$mount/plain"
	is "$what: a change is seen" "$(sum_of "$view/plain")" "$(sum_of "$mount/plain")"
	echo less >"$mount/plain"
	is "$what: another one, too" "$(cat "$view/plain")" less
	seq 100000 >"$mount/plain"
}

# What the kernel keeps of a name for a second, and a close that is told late, are not seen by an open.
at_once()
{
	local i bad=0 late=0

	for i in {1..20}; do
		echo "$i" >"$mount/next"
		mv "$mount/next" "$mount/named"
		[ "$(cat "$view/named")" = "$i" ] || bad=$((bad + 1))
	done
	is "$what: a file that takes the name of another is seen at once" $bad 0
	for i in {1..30}; do
		echo "99 $i" >>"$mount/marked"
		[ "$(tail -n 1 "$view/marked")" = "99 $i" ] || late=$((late + 1))
	done
	is "$what: an output is not that of the reader before" $late 0
	grep 99 "$mount/marked" >"$expected/marked"
	mkdir "$mount/old" "$mount/new"
	echo old >"$mount/old/file"
	echo new >"$mount/new/file"
	ln -s old "$mount/current"
	is "$what: a directory and a link" "$(cat "$view"/{old,current}/file | xargs)" "old old"
	ln -s new "$mount/current.new"
	mv -T "$mount/current.new" "$mount/current"
	is "$what: a link that takes the name of another" "$(cat "$view/current/file")" new
	mv "$mount/old" "$mount/older"
	mv "$mount/new" "$mount/old"
	is "$what: a directory that does" "$(cat "$view/old/file")" new
	rm -r "$mount/current" "$mount/old" "$mount/older"
}

# Copy by sendfile(2), which does not ask for the size that the file has now.
by_sendfile()
{
	python3 -c 'import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
while os.sendfile(1, fd, None, 1 << 20):
    pass' "$1" >"$work/sent"
}

sizes()
{
	echo short >"$mount/sized"
	mark sized sha256.bpf.o
	point "$what: send an output that is longer than its file" by_sendfile "$view/sized"
	is "$what: all of it" "$(stat -c %s "$work/sent")" 32
	seq 5000 >"$mount/sized"
	mark sized "grep.bpf.o 499"
	point "$what: send one that is shorter" by_sendfile "$view/sized"
	is "$what: no more of it" "$(sum_of "$work/sent")" \
		"$(grep 499 "$mount/sized" | md5sum | cut -d ' ' -f 1)"
	rm "$mount/sized"
}

# A limit of file sizes that the mount cannot raise, and one of descriptors that names use up.
limited()
{
	point "$what: mount with low limits" bash -c 'ulimit -f 100000 -n 256 &&
		exec setpriv --bounding-set -sys_resource "$@"' bash \
		"$kcsd" mount "$mount" "$view" --programs "$programs" --log "$log" --spool "$work/spool"
	same "an output below the limit" cat
	stat "$view/plain" >"$work/stat"
	ls -lR "$view" >"$work/names" 2>&1
	same "an output then" cat
	logged "too many files are known"
	stop
}

# Who starts it may ignore SIGCHLD, and have options end at an operand.
started_oddly()
{
	point "$what: mount, SIGCHLD ignored" env --ignore-signal=CHLD POSIXLY_CORRECT=1 "$kcsd" mount \
		--programs "$programs" --log "$log" --spool "$work/spool" "$mount" "$view"
	same "an output" cat
	umount "$view"
	sleep 0.3
}

# A lease keeps an open waiting for 45 s, and no signal ends it.
leased()
{
	local holder

	mark named "grep.bpf.o 20"
	for file in plain named; do
		rm -f "$work/holder"
		python3 -c 'import fcntl, os, signal, sys, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
time.sleep(30)' "$mount/$file" >"$work/holder" &
		holder=$!
		until grep -qs held "$work/holder"; do sleep 0.1; done
		fails "$what: $file has a lease" "Resource temporarily unavailable" \
			timeout 20 cat "$view/$file"
		kill "$holder"
		wait "$holder" 2>/dev/null
	done
	logged "plain: a process holds a lease" "named: a process holds a lease"
	rm "$mount/named"
}

# Many who wait for a lease leave threads to others.
beside_leased()
{
	rm -f "$work/holder"
	python3 -c 'import fcntl, os, signal, sys, threading, time
def read(path):
    while True:
        try:
            os.close(os.open(path, os.O_RDONLY))
        except BlockingIOError:
            pass
        time.sleep(1)
signal.signal(signal.SIGIO, signal.SIG_IGN)
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
for i in range(600):
    threading.Thread(target=read, args=sys.argv[2:], daemon=True).start()
print("held", flush=True)
time.sleep(100)' "$mount/plain" "$view/plain" >"$work/holder" &
	until grep -qs held "$work/holder"; do sleep 0.1; done
	sleep 2
	point "$what: ten opens beside 600 of a file with a lease" timeout 30 bash -c \
		'for i in {1..10}; do cat "$1"; done >/dev/null' bash "$view/dir/file-2"
	kill $!
	wait $! 2>/dev/null
}

# A run belongs to all who wait for it; an output that is there is given at any time.
crowd()
{
	local runs first second before

	mark wrong "behave.bpf.o --program=spin"
	runs=$(nr_runs)
	cat "$view/wrong" 2>/dev/null &
	first=$!
	point "$what: an endless run" until_programs 1
	cat "$view/wrong" 2>/dev/null &
	second=$!
	sleep 0.5
	kill -KILL "$first"
	wait "$first" 2>/dev/null
	sleep 1
	point "$what: one who waits is killed: it goes on" until_programs 1
	kill -KILL "$second"
	wait "$second" 2>/dev/null
	point "$what: the last who waits is killed: it ends" until_programs 0
	is "$what: and was one run" "$(nr_runs)" $((runs + 1))
	exec 3<"$view/marked"
	before=$(grep -c "96 opens wait" "$log")
	python3 -c 'import errno, sys, threading, time
def read():
    while True:
        try:
            open(sys.argv[1]).read()
        except OSError as e:
            if e.errno != errno.EAGAIN:
                return
        time.sleep(0.1)
threads = [threading.Thread(target=read) for i in range(100)]
for t in threads:
    t.start()
for t in threads:
    t.join()' "$view/wrong" &
	for _ in {1..200}; do
		[ "$(grep -c "96 opens wait" "$log")" = "$before" ] || break
		sleep 0.1
	done
	logged "96 opens wait for programs already"
	is "$what: an output that is there, beside 96 who wait" "$(sum_of "$view/marked")" \
		"$(sum_of "$expected/marked")"
	exec 3<&-
	kill -KILL $!
	wait $! 2>/dev/null
	point "$what: all who wait are killed: the run ends" until_programs 0
}

# logged TEXT...: pass if the log has lines with each text.
logged()
{
	local text

	for text; do
		point "$what: the log says: $text" grep -qF -e "$text" "$log"
	done
}

# wrong MARK TEXT: pass if the open of a file with this mark fails, and the log says why.
wrong()
{
	mark wrong "$1"
	fails "$what: marked '$1'" "Input/output error" cat "$view/wrong"
	point "$what: the log says: $2" grep -qF -e "$2" <(grep -F "mount: $mount/wrong: " "$log" | tail -n 2)
}

errors()
{
	seq 100 >"$mount/wrong"
	wrong "" "attribute user.kcsd.run must begin with the name of a program"
	wrong "../word.bpf.o" "must begin with the name of a program, without a directory"
	wrong ".. 1" "must begin with the name of a program"
	wrong "grep.bpf.o --output=/etc/passwd 9" "has an unknown option"
	wrong "0x6772657000312030" "has a zero byte"
	wrong "none.bpf.o" "none.bpf.o: no directory of --programs has it"
	wrong "fifo" "fifo: no directory of --programs has it"
	wrong "no_object" "no_object: "
	wrong "word.bpf.o" "word.bpf.o: the program returned an error"
	wrong "behave.bpf.o" "behave.bpf.o: "
	wrong "behave.bpf.o --program=spin" "time limit exceeded: 3000 ms"
	wrong "behave.bpf.o --program=spill --cparam1=3000000" "the output has more than 2 MiB"
	wrong "behave.bpf.o --program=spill --cparam1=many" "--cparam1: 'many'"
	mark wrong "behave.bpf.o --program=spill --cparam1=2097152"
	is "$what: as much output as is allowed" "$(wc -c <"$view/wrong")" 2097152
	mark wrong "grep.bpf.o  --   9"
	is "$what: an argument begins behind one space" "$(cat "$view/wrong")" ""
	sed -i 's/^19$/  9/' "$mount/wrong"
	mark wrong "grep.bpf.o   9"
	is "$what: and has its spaces" "$(cat "$view/wrong")" "  9"
	mark wrong "grep.bpf.o -- --x"
	is "$what: an argument with dashes" "$(cat "$view/wrong")" ""
	cp "$mount/wrong" "$mount/"$'two\nlines'
	mark $'two\nlines' none
	fails "$what: a name of two lines" "Input/output error" cat "$view/"$'two\nlines'
	logged "two?lines"
	cp "$mount/wrong" "$mount/"$'\302\2331m \377 \303\204'
	mark $'\302\2331m \377 \303\204' none
	fails "$what: a name with orders for a terminal" "Input/output error" \
		cat "$view/"$'\302\2331m \377 \303\204'
	logged $'??1m ? \303\204'
	point "$what: none is left loaded" until_programs 0
}

# A reader that is interrupted ends the run; so does the end of the mount, however it comes.
interrupted()
{
	mark wrong "behave.bpf.o --program=spin"
	cat "$view/wrong" 2>/dev/null &
	point "$what: an endless run" until_programs 1
	kill -INT $! && kill -TERM $!
	point "$what: its reader is ended: the run, too" until_programs 0
	wait $! 2>/dev/null
	cat "$view/wrong" 2>/dev/null &
	point "$what: an endless run" until_programs 1
	pkill -STOP -P "$(pgrep -f "mount $mount $view")"
	kill -KILL $!
	point "$what: it is stopped, its reader killed: it is ended" until_programs 0
	wait $! 2>/dev/null
	cat "$view/wrong" 2>/dev/null &
	point "$what: an endless run" until_programs 1
	kill -TERM "$(pgrep -f "mount $mount $view")"
	point "$what: the mount is ended: the run, too" until_programs 0
	point "$what: and the mount" until_ended
	is "$what: nothing is mounted" "$(mountpoint "$view")" "$view is not a mountpoint"
	point "$what: mount it again" start "${options[@]}"
	cat "$view/wrong" 2>/dev/null &
	point "$what: an endless run" until_programs 1
	kill -KILL "$(pgrep -f "mount $mount $view")"
	point "$what: the mount is killed: the run is ended" until_programs 0
	point "$what: take the rest away" umount "$view"
	point "$what: mount it again" start "${options[@]}"
}

# Readers of a file that is not marked, while processes for programs begin all the time: libfuse has pages in
# pipes then, and a lost reply is a reader that waits for ever.
beside()
{
	local i readers=()

	head -c 30001 "$mount/marked" >"$mount/short"
	for i in 1 2; do
		timeout 60 python3 -c 'import os, sys, time
wanted = open(sys.argv[2], "rb").read()
end = time.time() + 10
while time.time() < end:
    os.utime(sys.argv[2])
    if open(sys.argv[1], "rb", buffering=0).read() != wanted:
        sys.exit("other bytes")' "$view/short" "$mount/short" &
		readers+=($!)
	done
	while kill -0 "${readers[@]}" 2>/dev/null; do
		cat "$view/empty"
	done >"$work/ran"
	for i in "${readers[@]}"; do
		point "$what: a reader beside runs that begin" wait "$i"
	done
	point "$what: there were some" test -s "$work/ran"
}

# The mount ends by its path, from wherever it was begun.
relative()
{
	stop
	point "$what: mount a relative path" env -C "$work" "$kcsd" mount mnt view --programs programs \
		--log log --spool spool
	is "$what: it reads" "$(sum_of "$view/marked")" "$(sum_of "$expected/marked")"
	kill -TERM "$(pgrep -f "kcsd mount mnt view")"
	for _ in {1..100}; do
		mountpoint -q "$view" || break
		sleep 0.1
	done
	is "$what: it is unmounted" "$(mountpoint "$view")" "$view is not a mountpoint"
	start "${options[@]}"
}

rights()
{
	local as=(setpriv --reuid 65534 --regid 65534 --clear-groups) bad

	fails "$what: nothing can be written" "Read-only file system" touch "$view/new"
	fails "$what: a file cannot, either" "Read-only file system" bash -c ": >>'$view/plain'"
	chmod 644 "$mount/marked" "$mount/plain"
	chmod 755 "$mount"
	is "$what: another user reads an output" "$("${as[@]}" cat "$view/marked" | md5sum)" \
		"$(md5sum <"$expected/marked")"
	chmod 600 "$mount/marked"
	fails "$what: not without right to the file" "Permission denied" "${as[@]}" cat "$view/marked"
	is "$what: nor two files that were taken away at once" "$("${as[@]}" python3 -c 'import sys
for path in sys.argv[1:]:
    open(path).close()
print("read", flush=True)
sys.stdin.readline()
for path in sys.argv[1:]:
    try:
        open(path)
    except PermissionError:
        print("refused")' "$view"/dir/file-{3,4} < <(until [ "$(cat "$work/read" 2>&1)" = read ]; do sleep 0.1
		done; chmod 0 "$mount"/dir/file-{3,4}; echo) | tee "$work/read" | xargs)" \
		"read refused refused"
	bad=0
	for i in {1..20}; do
		rm -f "$mount/taken"
		python3 -c 'import os, sys
below, shown = sys.argv[1:]
open(below, "w").close()
os.stat(shown)
os.chmod(below, 0)
os.setuid(65534)
try:
    open(shown)
    sys.exit(1)
except PermissionError:
    pass' "$mount/taken" "$view/taken" || bad=$((bad + 1))
	done
	rm "$mount/taken"
	is "$what: rights that were taken away at once after a stat" $bad 0
	if setfacl -m u:65534:r "$mount/marked"; then
		sleep 1.1
		is "$what: an ACL gives it" "$("${as[@]}" cat "$view/marked" | md5sum)" \
			"$(md5sum <"$expected/marked")"
	else
		skip "$what: an ACL gives it" "this kernel has no ACLs (CONFIG_EXT4_FS_POSIX_ACL)"
	fi
	setfattr -n user.other -v 1 "$mount/marked"
	is "$what: the mark can be read" "$(getfattr --only-values -n user.kcsd.run "$view/marked")" \
		"grep.bpf.o 99"
	is "$what: but a copy does not get it" "$(getfattr "$view/marked" | grep user)" user.other
	chmod 644 "$mount/marked"
	setfattr -n trusted.other -v 1 "$mount/marked"
	is "$what: others do not see names of root" "$("${as[@]}" getfattr -m - "$view/marked" |
		grep -c trusted) $(getfattr -m - "$view/marked" | grep -c trusted)" "0 1"
	point "$what: mount a filesystem below" mount -t tmpfs tmpfs "$mount/dir/two words"
	fails "$what: it is not shown" "cross-device link" ls "$view/dir/two words"
	umount "$mount/dir/two words"
}

thorough()
{
	tools
	shared
	changes
	at_once
	sizes
	leased
	beside_leased
	stop
	started_oddly
	limited
	options=(--timeout 3000 --max-output 2M --allow-other --runs 1)
	point "$what: other options" start "${options[@]}"
	errors
	stop
	options=(--timeout 100000 --max-output 2M --allow-other --runs 1)
	point "$what: a longer time limit" start "${options[@]}"
	crowd
	beside
	relative
	rights
	interrupted
}

# Files that no drive has: the host runs the program, if that is wished.
anywhere()
{
	local what=elsewhere

	truncate -s 16M "$work/image"
	mkfs.ext4 -q -F "$work/image" && mount -o loop "$work/image" "$mount"
	seq 2000 >"$mount/marked"
	mark marked "grep.bpf.o 99"
	grep 99 "$mount/marked" >"$expected/marked"
	start 2>"$work/warning"
	point "a directory elsewhere: a warning" grep -q "warning: $mount: .*marked files cannot be read" \
		"$work/warning"
	fails "$what: refused" "Input/output error" cat "$view/marked"
	logged "marked: grep.bpf.o: "
	stop
	is "a directory elsewhere, --anywhere" "$(start --anywhere 2>&1)" ""
	same "the output" cat
	logged "marked: grep.bpf.o: the program runs on the host"
	stop
	umount "$mount"
}

refusals()
{
	fails "no programs" "--programs DIR is missing" "$kcsd" mount "$mount" "$view"
	fails "no directory" "No such file" "$kcsd" mount "$work/none" "$view" -p "$programs"
	fails "a file" "Not a directory" "$kcsd" mount "$kcsd" "$view" -p "$programs"
	fails "no view" "No such file" "$kcsd" mount "$mount" "$work/none" -p "$programs"
	fails "a spool on procfs" "it needs O_TMPFILE" "$kcsd" mount "$mount" "$view" -p "$programs" \
		--spool /proc
	fails "a view that is no directory" "not a directory" "$kcsd" mount "$mount" "$kcsd" \
		-p "$programs"
	fails "one directory as both" "both DIR and VIEW" "$kcsd" mount "$view" "$view" -p "$programs"
	fails "no time" "must be at least 1" "$kcsd" mount "$mount" "$view" -p "$programs" -t 0
	fails "no runs" "must be at least 1" "$kcsd" mount "$mount" "$view" -p "$programs" --runs 0
}

begin
need mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.f2fs jq setpriv pgrep setfattr setfacl python3
find_kcsd
begin_files
has_fs fuse true || finish
view=$work/view expected=$work/expected log=$work/log programs=$work/programs
mkdir "$view" "$expected" "$work/spool" "$programs"
chmod 755 "$work" "$view"
mount -t tmpfs tmpfs "$work/spool"
cp "$bpf"/{word,sha256,grep}.bpf.o "$bpf/tests/behave.bpf.o" "$programs"
echo "not a program" >"$programs/no_object"
mkfifo "$programs/fifo"
refusals
point "create a drive" create_drive mount size=512M || finish
more=thorough
on ext4 "$block"
more=
on xfs "$block"
on btrfs "$block" -d single
on f2fs "$block"
anywhere
point "remove the drive" delete_drive mount
finish

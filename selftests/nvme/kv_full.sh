#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Objects in a file on a full disk, of file systems that reserve space and of one that cannot: no
# room is Capacity Exceeded, what was stored is there, and with room again the drive goes on.
. ../lib/lib.sh
begin
find_kcsd
need mkfs.ext4
[ -n "$work" ] || exit 1
mkdir "$work/mnt"

kv()
{
	"$kcsd" kv "$1" --drive "kcsd$index" "${@:2}"
}

# Store objects until one fails, and print how many there are.
fill()
{
	local nr

	for ((nr = 0; nr < 2000; nr++)); do
		kv put "o$nr" "$work/value" 2>"$work/err" || break
	done
	echo "$nr"
}

# all_there NR: compare all values.
all_there()
{
	local i

	for ((i = 0; i < $1; i++)); do
		kv get "o$i" | cmp -s - "$work/value" || return 1
	done
}

# delete_half NR, store_half NR: delete every other object; store half of these again.
delete_half()
{
	local i

	for ((i = 1; i < $1; i += 2)); do
		kv rm "o$i" || return 1
	done
}

store_half()
{
	local i

	for ((i = 1; i < $1 / 2; i += 2)); do
		kv put "o$i" "$work/value" || return 1
	done
}

# half_there NR: compare the others, and those that were stored again.
half_there()
{
	local i

	for ((i = 0; i < $1; i++)); do
		((i % 2 && i >= $1 / 2)) && continue
		kv get "o$i" | cmp -s - "$work/value" || return 1
	done
}

# test_deletes NR: on the full disk, deletes make room.
test_deletes()
{
	point "$what: delete half of them" delete_half "$1"
	point "$what: store half as many" store_half "$1"
	point "$what: flush on a full disk" kv flush
	point "$what: all of these are there" half_there "$1"
}

open_store()
{
	create_drive objects size=1M kv_size=256M kv_max_value=4M "kv_file=$work/mnt/objects"
}

# test_full COMMAND...: to make the file system of a drive, and mount it.
test_full()
{
	local nr disk

	point "$what: a file system" create_drive disk size=64M || return
	disk=$block
	point "$what: make it" "$@" "$disk" || return
	point "$what: mount it" mount "$disk" "$work/mnt" || return
	truncate -s 0 "$work/mnt/objects"
	head -c 8M /dev/zero >"$work/mnt/ballast"
	point "$what: a drive with its objects there" open_store || return
	nr=$(fill)
	point "$what: it becomes full ($nr objects)" test "$nr" -gt 100 -a "$nr" -lt 2000
	point "$what: which says so" grep -q "no room.*the disk of the file" "$work/err"
	point "$what: what was stored is there" all_there "$nr"
	point "$what: objects are not lost" test \
		"$(cat "/sys/class/kcsd/kcsd$index/stats/media_errors")" = 0
	test_deletes "$nr"
	rm "$work/mnt/ballast"
	point "$what: with room, flush" kv flush
	point "$what: with room, store" kv put after "$work/value"
	point "$what: all is there" half_there "$nr"
	point "$what: power off" delete_drive objects
	point "$what: power on" open_store
	point "$what: all is there after it" half_there "$nr"
	point "$what: also the last one" kv exists after
	point "$what: power off again" delete_drive objects
	umount "$work/mnt"
	point "$what: remove the disk" delete_drive disk
}

random "$work/value" 100000
what="extents" test_full mkfs.ext4 -q -F
what="no fallocate" test_full mkfs.ext4 -q -F -O ^extent,^64bit
finish

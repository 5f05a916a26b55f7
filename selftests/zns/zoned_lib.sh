# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # block, queue, generic, work: as lib.sh has them
#
# Library for shell tests of zoned drives; source it after lib.sh. With REFERENCE=null_blk the tests
# use the zoned emulation of the kernel instead of a kcsd drive: a failure there is a fault of the
# test.

REFERENCE=${REFERENCE:-}
NULLB=/sys/kernel/config/nullb

# begin_zoned: call after begin.
begin_zoned()
{
	if [ "$REFERENCE" = null_blk ]; then
		modprobe null_blk nr_devices=0 || skip_all "this kernel has no null_blk"
		remove_nullbs
		trap 'clean_up; remove_nullbs' EXIT
		return
	fi
	mkdir $CONFIG/kst-probe
	[ -e $CONFIG/kst-probe/zone_size ] || { rmdir $CONFIG/kst-probe; skip_all "no zones"; }
	rmdir $CONFIG/kst-probe
}

remove_nullbs()
{
	local drive

	for drive in $NULLB/kst-*/; do
		[ ! -d "$drive" ] || rmdir "$drive"
	done
}

# Print the name and value (sizes in MiB) that null_blk has for an attribute of a kcsd drive.
nullb_setting()
{
	local value=${1#*=}

	case $1 in
	size=* | zone_size=* | zone_capacity=*) echo "${1%%=*} ${value%M}" ;;
	block_size=*) echo "blocksize $value" ;;
	conventional_zones=*) echo "zone_nr_conv $value" ;;
	max_open_zones=*) echo "zone_max_open $value" ;;
	max_active_zones=*) echo "zone_max_active $value" ;;
	backing_file=*) ;;
	*) echo "no setting for $1" >&2; return 1 ;;
	esac
}

create_nullb()
{
	local dir=$NULLB/kst-$1 attribute setting value

	shift
	mkdir "$dir" && echo 1 >"$dir/memory_backed" && echo 1 >"$dir/zoned" || return 1
	for attribute in "$@"; do
		read -r setting value < <(nullb_setting "$attribute")
		[ -z "$setting" ] || echo "$value" >"$dir/$setting" || return 1
	done
	echo 1 >"$dir/power" || return 1
	block=/dev/${dir##*/}
	[ -b "$block" ] || block=/dev/nullb$(cat "$dir/index")
	queue=/sys/block/$(basename "$block")/queue
	generic=
	settle
	[ -b "$block" ]
}

# create_zoned NAME [ATTRIBUTE=VALUE...]: like create_drive; give sizes in M.
create_zoned()
{
	if [ "$REFERENCE" = null_blk ]; then
		create_nullb "$@"
	else
		create_drive "$@"
	fi
}

delete_zoned()
{
	settle
	if [ "$REFERENCE" = null_blk ]; then
		rmdir "$NULLB/kst-$1"
	else
		delete_drive "$1"
	fi
}

# zones_in CONDITION: count them. Conditions as in blkzone: em, oi, oe, cl, nw, fu, ro, of.
zones_in()
{
	blkzone report "$block" | grep -cE "zcond: ?[0-9]+\($1\)"
}

# fill_tree DIRECTORY LEAST MOST: write files of many sizes until MOST exist or no space is left;
# fails if that is fewer than LEAST.
fill_tree()
{
	local dir=$1 i

	mkdir -p "$dir"
	for i in $(seq 1 "$3"); do
		head -c $((i % 5 * 700001 + 4097 * i)) /dev/urandom >"$dir/file-$i" 2>/dev/null &&
			sync -d "$dir/file-$i" 2>/dev/null && continue
		rm -f "$dir/file-$i"
		break
	done
	[ "$i" -ge "$2" ] || { echo "no space for $i files"; false; }
}

tree_sums()
{
	(cd "$1" && find . -type f -name 'file-*' -exec md5sum {} + | sort -k2)
}

same_files()
{
	tree_sums "$1" | diff "$work/sums" -
}

# Write a super block of zonefs, as no package of Debian 12 has mkfs.zonefs. It is one block: magic,
# checksum (of this block), label, UUID, features, owner, permissions.
make_zonefs()
{
	blkzone reset "$block" 2>/dev/null
	head -c 4096 /dev/zero >"$work/super"
	printf 'SFOZ%b' '\xd6\x63\xc5\xa7' | dd of="$work/super" conv=notrunc status=none
	printf kcsdkcsdkcsdkcsd | dd of="$work/super" bs=1 seek=72 conv=notrunc status=none
	dd if="$work/super" of="$block" bs=4096 count=1 oflag=direct status=none || return
	# The super block is all data of its zone, unless the zone is conventional.
	[ "$conventional" -gt 0 ] || blkzone finish -c 1 "$block"
}

# write_zone_file FILE BYTES: append to the file, 64 KiB in each write.
write_zone_file()
{
	dd of="$1" bs=64k count=$(($2 / 65536)) oflag=direct,append conv=notrunc status=none
}

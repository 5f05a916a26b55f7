#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the rest of the NVM command set, Format and Sanitize, by an unmodified nvme-cli.
. ../lib/lib.sh

# lbas FIRST COUNT: print the checksum of these LBAs, read by the block node.
lbas()
{
	dd if="$block" bs=4096 skip="$1" count="$2" iflag=direct status=none | md5sum | cut -d' ' -f1
}

# zeroes COUNT: print the checksum of COUNT LBAs of zeroes.
zeroes()
{
	head -c $(($1 * 4096)) /dev/zero | md5sum | cut -d' ' -f1
}

fill()
{
	dd if="$work/data" of="$block" bs=1M oflag=direct status=none
}

test_zeroes()
{
	local kept

	fill
	kept=$(lbas 20 10)
	point "write-zeroes" nvme write-zeroes "$generic" -n 1 -s 10 -c 9
	is "write-zeroes: zeroes" "$(lbas 10 10)" "$(zeroes 10)"
	is "write-zeroes: other LBAs are unchanged" "$(lbas 20 10)" "$kept"
	point "write-zeroes: deallocating" nvme write-zeroes "$generic" -n 1 -s 20 -c 0 --deac
	is "write-zeroes: deallocated" "$(lbas 20 1)" "$(zeroes 1)"
	fails "write-zeroes: past the end" 0x4080 nvme write-zeroes "$generic" -n 1 -s 8191 -c 1
	point "dsm" nvme dsm "$generic" -n 1 -d -s 40,50 -b 2,3
	is "dsm: range 1 reads as zeroes" "$(lbas 40 2)" "$(zeroes 2)"
	is "dsm: range 2 reads as zeroes" "$(lbas 50 3)" "$(zeroes 3)"
}

test_compare()
{
	fill
	dd if="$work/data" of="$work/lbas" bs=4096 skip=3 count=2 status=none
	point "compare" nvme compare "$generic" -n 1 -s 3 -c 1 -z 8192 -d "$work/lbas"
	fails "compare: other data" 0x4285 nvme compare "$generic" -n 1 -s 4 -c 1 -z 8192 -d "$work/lbas"
	point "verify" nvme verify "$generic" -n 1 -s 0 -c 99
	fails "verify: past the end" 0x4080 nvme verify "$generic" -n 1 -s 8192 -c 0
	point "copy" nvme copy "$generic" -n 1 -d 200 -s 0,7 -b 3,0
	is "copy: destination has the data of the sources" \
		"$(lbas 200 5)" "$(cat <(dd if="$work/data" bs=4096 count=4 \
		status=none) <(dd if="$work/data" bs=4096 skip=7 count=1 status=none) | md5sum |
		cut -d' ' -f1)"
	fails "copy: onto itself" 0x4187 nvme copy "$generic" -n 1 -d 201 -s 200 -b 3
	point "write-uncor" nvme write-uncor "$generic" -n 1 -s 60 -c 1
	fails "write-uncor: the LBA cannot be read" 0x4281 nvme verify "$generic" -n 1 -s 61 -c 0
	point "write-uncor: its neighbours can be read" nvme verify "$generic" -n 1 -s 62 -c 9
	point "write-uncor: write" dd if=/dev/zero of="$block" bs=4096 seek=60 count=2 oflag=direct
	point "write-uncor: the LBA can be read again" nvme verify "$generic" -n 1 -s 60 -c 1
}

# Print the state of the newest Sanitize: SSTAT[2:0].
sanitize_state()
{
	local sstat

	sstat=$(nvme sanitize-log "$ctrl" -b | od -An -tu2 -j2 -N2)
	echo $((sstat & 7))
}

# Wait until the Sanitize has completed. Succeeds if the Sanitize did.
wait_sanitized()
{
	local state

	for ((;;)); do
		state=$(sanitize_state) || return 1
		[ "$state" = 2 ] || break
	done
	[ "$state" = 1 ]
}

test_erase()
{
	fill
	point "format" nvme format "$ctrl" -n 1 --force
	is "format: zeroes" "$(lbas 0 8192)" "$(zeroes 8192)"
	fill
	point "format: user data erase" nvme format "$ctrl" -n 1 -s 1 --force
	is "format: erased" "$(lbas 0 8192)" "$(zeroes 8192)"
	fails "format: cryptographic erase" 0x4002 nvme format "$ctrl" -n 1 -s 2 --force
	fails "format: protection information" 0x410a nvme format "$ctrl" -n 1 -i 1 --force
	fill
	is "sanitize-log: never sanitized" "$(sanitize_state)" 0
	point "sanitize: block erase" nvme sanitize "$ctrl" -a start-block-erase
	point "sanitize: completes" wait_sanitized
	is "sanitize: erased" "$(lbas 0 8192)" "$(zeroes 8192)"
	fill
	point "sanitize: overwrite" nvme sanitize "$ctrl" -a start-overwrite -n 2 -p 0x5a5a5a5a -d
	point "sanitize: completes" wait_sanitized
	is "sanitize: overwritten" "$(lbas 0 8192)" "$(head -c 33554432 /dev/zero | tr '\0' Z |
		md5sum | cut -d' ' -f1)"
	point "sanitize-log, as text" nvme sanitize-log "$ctrl" -H
	fails "sanitize: cryptographic erase" 0x4002 nvme sanitize "$ctrl" -a start-crypto-erase
	point "effects-log: Format" sh -c "nvme effects-log '$ctrl' --csi=0 | grep -q 'ACS128.*00110003'"
	point "effects-log: Sanitize" sh -c "nvme effects-log '$ctrl' --csi=0 | grep -q 'ACS132.*02020003'"
}

begin
need nvme jq dd md5sum od
random "$work/data" 33554432
truncate -s 32M "$work/image"
for medium in memory file; do
	attributes=(size=32M queues=2)
	[ $medium = memory ] || attributes=(backing_file="$work/image" queues=2)
	point "$medium: create a drive" create_drive cli "${attributes[@]}" || continue
	test_zeroes
	test_compare
	test_erase
	point "$medium: remove the drive" delete_drive cli
done
finish

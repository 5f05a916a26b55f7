#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test with an unmodified nvme-cli.
. ../lib/lib.sh

# field JSON NAME
field()
{
	jq -r ".$2" "$1"
}

test_controller()
{
	point "id-ctrl" nvme id-ctrl "$ctrl"
	point "id-ctrl, as JSON" sh -c "nvme id-ctrl -o json '$ctrl' >'$work/ctrl'" || return
	is "id-ctrl: largest transfer is that of a value, 64 MiB" "$(field "$work/ctrl" mdts)" 14
	is "id-ctrl: no volatile write cache" "$(($(field "$work/ctrl" vwc) & 1))" 0
	point "id-ctrl: a model" grep -q kcsd <<<"$(field "$work/ctrl" mn)"
	point "id-ctrl: namespaces" test "$(field "$work/ctrl" nn)" -ge 4
	point "admin commands by the generic node" nvme id-ctrl "$generic"
}

test_namespace()
{
	local size=$1

	point "LBA $size: id-ns" sh -c "nvme id-ns '$generic' -n 1 -o json >'$work/ns'" || return
	is "LBA $size: size in LBAs" "$(field "$work/ns" nsze)" $((33554432 / size))
	is "LBA $size: LBA size" \
		"$((1 << $(field "$work/ns" "lbafs[$(($(field "$work/ns" flbas) & 15))].ds")))" "$size"
	is "LBA $size: list-ns" "$(nvme list-ns "$ctrl" | sed 's/.*://' | tr -d '\n')" "0x10x20x30x4"
	point "LBA $size: ns-descs" nvme ns-descs "$ctrl" -n 1
	fails "LBA $size: id-ns of a missing namespace" 0x400b nvme id-ns "$ctrl" -n 77
}

# nvme-cli opens every device for reading only: enough for reads; writes need CAP_SYS_ADMIN.
without_admin()
{
	setpriv --bounding-set=-sys_admin "$@"
}

test_passthrough()
{
	local size=$1

	random "$work/data" "$size"
	dd if="$work/data" of="$block" bs="$size" seek=5 count=1 oflag=direct status=none
	point "LBA $size: io-passthru, read" sh -c "nvme io-passthru '$generic' -n 1 -o 2 \
		--cdw10=5 -l $size -r -b >'$work/read'"
	is "LBA $size: reads back what was written" \
		"$(sum_of "$work/read")" "$(sum_of "$work/data")"
	fails "LBA $size: io-passthru, write" "Permission denied" \
		without_admin nvme io-passthru "$generic" \
		-n 1 -o 1 --cdw10=6 -l "$size" -w -i "$work/data"
	point "LBA $size: io-passthru, write, with CAP_SYS_ADMIN" nvme io-passthru "$generic" \
		-n 1 -o 1 --cdw10=6 -l "$size" -w -i "$work/data"
	point "LBA $size: write" nvme write "$generic" -n 1 -s 7 -c 0 -z "$size" -d "$work/data"
	is "LBA $size: reads back both writes" \
		"$(dd if="$block" bs="$size" skip=6 count=2 iflag=direct \
		status=none | md5sum)" "$(cat "$work/data" "$work/data" | md5sum)"
	point "LBA $size: flush" nvme flush "$generic" -n 1
	fails "LBA $size: past the end" 0x4080 nvme io-passthru "$generic" -n 1 -o 2 \
		--cdw10=$((33554432 / size)) -l "$size" -r
}

# Send commands of namespace 1 to the block node, as to /dev/nvme0n1.
test_block_node()
{
	local size=$1

	random "$work/data" "$size"
	point "LBA $size: block node: id-ns" sh -c "nvme id-ns '$block' -o json >'$work/ns'"
	is "LBA $size: block node: size in LBAs" "$(field "$work/ns" nsze)" $((33554432 / size))
	point "LBA $size: block node: write" nvme io-passthru "$block" -n 1 -o 1 --cdw10=9 \
		-l "$size" -w -i "$work/data"
	point "LBA $size: block node: read" sh -c "nvme io-passthru '$block' -n 1 -o 2 --cdw10=9 \
		-l $size -r -b >'$work/read'"
	is "LBA $size: block node: reads back what was written" "$(sum_of "$work/read")" \
		"$(sum_of "$work/data")"
	is "LBA $size: lsblk: model" "$(lsblk -dno MODEL "$block")" \
		"kcsd computational storage drive"
	is "LBA $size: lsblk: serial number, as Identify says" "$(lsblk -dno SERIAL "$block")" \
		"$(nvme id-ctrl "$ctrl" -o json | jq -r '.sn | rtrimstr(" ")')"
	is "LBA $size: firmware revision, as Identify says" \
		"$(cat "/sys/block/${block##*/}/device/firmware_rev")" \
		"$(nvme id-ctrl "$ctrl" -o json | jq -r '.fr | sub(" *$"; "")')"
}

# kv OPCODE [OPTION...]: send a command with the key "hello" to namespace 4.
kv()
{
	nvme io-passthru "${ctrl/kcsd/kcsdg}n4" -n 4 -o "$1" --cdw2=0x6c6c6568 --cdw3=0x6f \
		--cdw11="${cdw11:-5}" "${@:2}"
}

test_objects()
{
	local cdw11=

	random "$work/value" 5000
	point "Store" kv 1 --cdw10=5000 -l 5000 -w -i "$work/value"
	point "Exist" kv 0x14
	point "Retrieve" sh -c "nvme io-passthru '${ctrl/kcsd/kcsdg}n4' -n 4 -o 2 -r -b \
		--cdw2=0x6c6c6568 --cdw3=0x6f --cdw11=5 --cdw10=5000 -l 5000 >'$work/got'"
	is "Retrieve returns what was stored" "$(sum_of "$work/got")" "$(sum_of "$work/value")"
	point "List" sh -c "nvme io-passthru '${ctrl/kcsd/kcsdg}n4' -n 4 -o 6 -r -b \
		--cdw10=64 -l 64 >'$work/list'"
	is "List has the key" "$(head -c 11 "$work/list" | od -An -tx1 | tr -d ' ')" \
		"01000000050068656c6c6f"
	cdw11=$((5 | 1 << 9))
	fails "Store, must not exist" 0x4089 kv 1 --cdw10=5000 -l 5000 -w -i "$work/value"
	cdw11=
	point "Delete" kv 0x10
	fails "Exist, deleted" 0x4087 kv 0x14
	point "Flush" nvme io-passthru "${ctrl/kcsd/kcsdg}n4" -n 4 -o 0
	fails "a key of no bytes" 0x4086 nvme io-passthru "${ctrl/kcsd/kcsdg}n4" -n 4 -o 0x14
	point "Store, to be formatted" kv 1 --cdw10=5000 -l 5000 -w -i "$work/value"
	fails "format" "Invalid Field" nvme format "$ctrl" -n 4 --force
	point "  has not formatted" kv 0x14
	point "Format by admin-passthru" nvme admin-passthru "$ctrl" -o 0x80 -n 4
	fails "  deletes all objects" 0x4087 kv 0x14
}

# Load, activate and run a program by nvme-cli. Its io-passthru takes no opcode with both
# directions.
test_program()
{
	local compute=${ctrl/kcsd/kcsdg}n3 execute

	execute=$(opcode_of EXECUTE_LBA)
	# program: r0 = 7; exit
	printf '\xb7\0\0\0\7\0\0\0\x95\0\0\0\0\0\0\0' >"$work/seven"
	printf '\0\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0' >"$work/grant"
	point "Load Program" nvme admin-passthru "$ctrl" -n 3 -o 0x85 --cdw10=$((0xc0 << 16)) \
		--cdw11=16 --cdw14=16 -l 16 -w -i "$work/seven"
	point "Program Activation" nvme admin-passthru "$ctrl" -n 3 -o 0x88 --cdw10=$((1 << 16))
	point "Execute on LBAs, with a grant to write" \
		sh -c "nvme io-passthru '$compute' -n 3 -o $execute \
		--cdw3=1 -l 16 -w -i '$work/grant' >'$work/run' 2>&1"
	point "result of the program" grep -q '0x0*7$' "$work/run"
	fails "Execute without CAP_SYS_ADMIN" \
		"Permission denied" without_admin nvme io-passthru "$compute" \
		-n 3 -o "$execute" --cdw3=1 -l 16 -w -i "$work/grant"
}

# json NAME FILTER WANTED COMMAND...: the JSON of the command, filtered by jq, must equal WANTED.
json()
{
	local label=$1 filter=$2 wanted=$3

	shift 3
	is "$label" "$("$@" -o json 2>"$work/.err" | jq -r "$filter")" "$wanted"
}

test_namespaces()
{
	json "list-ns -a: allocated" '[.nsid_list[].nsid] | join(" ")' "1 2 3 4" nvme list-ns "$ctrl" -a
	json "list-ns --csi: compute" '[.nsid_list[].nsid] | join(" ")' "3" nvme list-ns "$ctrl" -y 4
	point "id-ns --force: allocated" nvme id-ns "$ctrl" -n 1 -f
	json "id-ctrl: 64 errors are kept" .elpe 63 nvme id-ctrl "$ctrl"
	json "id-ctrl: one firmware slot, read-only" .frmw 3 nvme id-ctrl "$ctrl"
}

test_errors()
{
	nvme io-passthru "$generic" -n 1 -o 2 --cdw10=$((1 << 30)) -l 4096 -r >/dev/null 2>&1
	nvme admin-passthru "$ctrl" -o 6 --cdw10=1 --cdw13=1 -l 4096 -r >/dev/null 2>&1
	# nvme-cli shows the status without the phase tag, unchanged otherwise: DNR, SCT and SC.
	json "error-log: the newest" '.errors[0] | [.error_count, .sqid, .parm_error_location, .nsid] |
		join(" ")' "2 0 52 0" nvme error-log "$ctrl"
	json "error-log: the one before" '.errors[1] | [.error_count, .sqid, .lba, .nsid] |
		join(" ")' "1 1 $((1 << 30)) 1" nvme error-log "$ctrl"
	json "error-log: all entries" '.errors | length' 64 nvme error-log "$ctrl"
	json "smart-log: errors" .num_err_log_entries 2 nvme smart-log "$ctrl"
}

test_health()
{
	local before

	before=$(nvme smart-log "$ctrl" -o json | jq -r .host_write_commands)
	dd if=/dev/zero of="$block" bs=1M count=4 oflag=direct status=none
	json "smart-log: writes" "(.host_write_commands | tonumber) >= $before + 4" true \
		nvme smart-log "$ctrl"
	json "smart-log: 4 MiB and what came before" '(.data_units_written | tonumber) >= 9' true \
		nvme smart-log "$generic"
	json "smart-log: nothing is wrong" '[.critical_warning, .avail_spare, .media_errors,
		.power_cycles] | join(" ")' "0 100 0 1" nvme smart-log "$ctrl"
	point "fw-log" sh -c "nvme fw-log '$ctrl' -o json | grep -q 'Firmware Rev Slot 1'"
}

test_effects()
{
	local csi opcodes execute=$(($(opcode_of EXECUTE_LBA)))
	local sources="$(($(opcode_of SOURCES))) $(($(opcode_of EXECUTE_SOURCES)))"

	local timing=$(($(opcode_of TIMING)))

	sources+=" $(($(opcode_of RUN_RECEIVE)))"
	for csi in "0 0 1 2 4 5 8 9 12 25 $timing" "3 1 2 4 5 $timing" \
		   "4 1 $execute $sources $timing"; do
		opcodes=$(nvme effects-log "$ctrl" --csi="${csi%% *}" -o json 2>&1 |
			jq -r '(if type == "array" then .[0] else . end) | .io_cmd_set | keys |
				map(capture("(?<n>[0-9]+)").n | tonumber) | sort | join(" ")')
		is "effects-log: commands of set ${csi%% *}" "$opcodes" "${csi#* }"
	done
	point "effects-log, as text" sh -c "nvme effects-log '$ctrl' --csi=4 | grep -q IOCS$execute"
	for lid in 0 1 2 3 5 0x12 0x13 0x81 0x82 0x83 0x84 0xc0; do
		point "get-log $lid" nvme get-log "$ctrl" -i $lid -l 64
	done
	fails "get-log of a missing page" 0x4109 nvme get-log "$ctrl" -i 0x85 -l 64
}

feature()
{
	nvme get-feature "$@" 2>&1 | sed -n 's/.*value *:\(0x\)\?0*\([0-9a-fA-F]\+\).*/\2/p'
}

test_features()
{
	is "get-feature: queues" "$(feature "$ctrl" -f 7)" 10001
	is "get-feature: by a generic node" "$(feature "$generic" -f 7)" 10001
	is "get-feature: time limit, ms" "$(feature "$ctrl" -f 0xc0)" 7530
	fails "get-feature of a missing feature" 0x4002 nvme get-feature "$ctrl" -f 4
	fails "get-feature: no write cache" 0x4002 nvme get-feature "$ctrl" -f 6
	# nvme-cli opens the node for reading only.
	fails "set-feature" "Permission denied" \
		without_admin nvme set-feature "$ctrl" -f 0xc0 -v 40
	point "set-feature, with CAP_SYS_ADMIN" nvme set-feature "$ctrl" -f 0xc0 -v 40
}

begin
need nvme jq lsblk setpriv
for size in 512 4096; do
	point "create a drive with LBAs of $size bytes" \
		create_drive nvme size=32M block_size=$size ||
		continue
	test_controller
	test_namespace $size
	test_passthrough $size
	test_block_node $size
	point "remove the drive" delete_drive nvme
done
if point "a drive for log pages" create_drive nvme size=32M queues=2; then
	test_errors
	test_health
	test_namespaces
	test_effects
	test_features
	test_program
	test_objects
	point "remove the drive of log pages" delete_drive nvme
fi
finish

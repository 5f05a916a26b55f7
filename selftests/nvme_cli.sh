#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nvme-cli as it comes.
. ./lib.sh

# field JSON NAME
field()
{
	jq -r ".$2" "$1"
}

test_controller()
{
	point "id-ctrl" nvme id-ctrl "$ctrl"
	point "id-ctrl, as JSON" sh -c "nvme id-ctrl -o json '$ctrl' >'$work/ctrl'" || return
	is "id-ctrl: largest transfer is 1 MiB" "$(field "$work/ctrl" mdts)" 8
	is "id-ctrl: volatile write cache" "$(($(field "$work/ctrl" vwc) & 1))" 1
	point "id-ctrl: a model" grep -q kcsd <<<"$(field "$work/ctrl" mn)"
	point "id-ctrl: namespaces" test "$(field "$work/ctrl" nn)" -ge 3
	point "the generic node answers admin commands too" nvme id-ctrl "$generic"
}

test_namespace()
{
	local size=$1

	point "LBA $size: id-ns" sh -c "nvme id-ns '$generic' -n 1 -o json >'$work/ns'" || return
	is "LBA $size: size in LBAs" "$(field "$work/ns" nsze)" $((33554432 / size))
	is "LBA $size: LBA size" \
		"$((1 << $(field "$work/ns" "lbafs[$(($(field "$work/ns" flbas) & 15))].ds")))" "$size"
	is "LBA $size: list-ns" "$(nvme list-ns "$ctrl" | sed 's/.*://' | tr -d '\n')" "0x10x3"
	point "LBA $size: ns-descs" nvme ns-descs "$ctrl" -n 1
	fails "LBA $size: id-ns of no namespace" 0x400b nvme id-ns "$ctrl" -n 77
}

# nvme-cli opens every device for reading only: enough for reads, not for writes.
test_passthrough()
{
	local size=$1

	random "$work/data" "$size"
	dd if="$work/data" of="$block" bs="$size" seek=5 count=1 oflag=direct status=none
	point "LBA $size: io-passthru, read" sh -c "nvme io-passthru '$generic' -n 1 -o 2 \
		--cdw10=5 -l $size -r -b >'$work/read'"
	is "LBA $size: what was written" "$(sum_of "$work/read")" "$(sum_of "$work/data")"
	fails "LBA $size: io-passthru, write" "Permission denied" nvme io-passthru "$generic" \
		-n 1 -o 1 --cdw10=5 -l "$size" -w -i "$work/data"
	point "LBA $size: flush" nvme flush "$generic" -n 1
	fails "LBA $size: past the end" 0x4080 nvme io-passthru "$generic" -n 1 -o 2 \
		--cdw10=$((33554432 / size)) -l "$size" -r
}

begin
need nvme jq
for size in 512 4096; do
	point "a drive with LBAs of $size bytes" create_drive nvme size=32M block_size=$size ||
		continue
	test_controller
	test_namespace $size
	test_passthrough $size
	point "the drive goes" delete_drive nvme
done
finish

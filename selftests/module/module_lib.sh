# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For shell tests that unload the module, after lib.sh. Skipped where a drive holds data: that
# would be lost.

modules=(size block_size backing_file engine drives)

# The file that the loaded module may be loaded from again, or nothing.
module_file()
{
	local file

	for file in "${KCSD_MODULE:-}" "../../build/module/$(uname -r)/kcsd.ko" ../../kcsd.ko \
		"$(modinfo -n kcsd 2>/dev/null)"; do
		[ -n "$file" ] && [ -e "$file" ] || continue
		[ "$(modinfo -F srcversion "$file")" = "$(cat /sys/module/kcsd/srcversion)" ] || continue
		realpath "$file"
		return
	done
}

# Parameters as the module was loaded with, for afterwards.
save_parameters()
{
	local parameter value

	for parameter in "${modules[@]}"; do
		value=$(cat "/sys/module/kcsd/parameters/$parameter") || continue
		[ -z "$value" ] || [ "$value" = "(null)" ] || saved+=("$parameter=$value")
	done
}

unload()
{
	settle
	rmmod kcsd
}

restore()
{
	! [ -d /sys/module/kcsd ] || rmmod kcsd
	insmod "$module" "${saved[@]}"
	clean_up
}

# begin_unloaded: the module is gone; it comes back, as it was, when the test ends.
begin_unloaded()
{
	saved=()
	module=$(module_file)
	[ -n "$module" ] || skip_all "the loaded module's file is not known: set KCSD_MODULE"
	[ -z "$(cat /sys/class/kcsd/kcsd*/stats/host_write_bytes 2>/dev/null | grep -vx 0)" ] ||
		skip_all "a drive has been written to: its data would be lost"
	save_parameters
	settle
	rmmod kcsd 2>/dev/null || skip_all "the module is in use"
	trap restore EXIT
}

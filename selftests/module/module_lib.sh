# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Unload the module in a shell test. Include after lib.sh. The test is skipped if a drive holds
# data, which would be lost.

modules=(size block_size backing_file engine drives)

# Print the file that the loaded module can be loaded from again, or nothing.
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

# Save the parameters of the loaded module in `saved`.
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

# load_module [PARAMETER=VALUE...]: load the module without its built-in tests, which take seconds
# and have run when it was first loaded.
load_module()
{
	insmod "$module" "${quickly[@]}" "$@"
}

restore()
{
	! [ -d /sys/module/kcsd ] || rmmod kcsd
	load_module "${saved[@]}"
	clean_up
}

# begin_unloaded: unload the module. When the test exits, it is loaded again with the saved
# parameters.
begin_unloaded()
{
	saved=() quickly=()
	module=$(module_file)
	[ -n "$module" ] || skip_all "the file of the loaded module is not known: set KCSD_MODULE"
	[ -z "$(cat /sys/class/kcsd/kcsd*/stats/host_write_bytes 2>/dev/null | grep -vx 0)" ] ||
		skip_all "a drive has been written to: its data would be lost"
	save_parameters
	[ ! -e /sys/module/kcsd/parameters/selftest ] || quickly=(selftest=0)
	settle
	rmmod kcsd 2>/dev/null || skip_all "the module is in use"
	trap restore EXIT
}

# SPDX-License-Identifier: GPL-2.0
# The C test programs: each is one .c file in a folder here.
test-programs := engines jit hotplug config nodes admin program validate execute fault helpers isolation nvmio \
	audit \
	lifetime stress counters passthru slm slm_copy slm_long range_sets logs status \
	execute_ranges \
	mappings \
	range_refusals \
	zns \
	zns_states \
	zns_append \
	zns_race \
	zone_programs \
	schedule fair_jobs fair_logs unreaped cancel \
	full \
	quick_run \
	block_zones \
	zone_report \
	zone_limits \
	zone_options \
	inject \
	inject_wait \
	inject_append \
	cycles \
	ring_reuse \
	iovec \
	block_passthru \
	uring_flags \
	ring_owner \
	nvm_commands \
	nvm_erase \
	nvm_waiting \
	same_lbas \
	fail_nth \
	fail_load \
	cache \
	sidecar_full \
	write_cache \
	power_cut \
	power_cut_zones \
	power_cut_wps \
	user_pages \
	read_buffers \
	stopped \
	file_context
# Those that a script runs.
test-programs-by-script := fuzz_cmd

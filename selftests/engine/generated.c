// SPDX-License-Identifier: GPL-2.0
/*
 * Run generated programs of fuzz_lower.c without a fuzzer: from seeds.
 *
 *	generated [PROGRAMS [SEED]]	PROGRAMS seeds from SEED on, as a test point
 *	generated --show SEED		that program, as text
 *	generated --choices SEED	what it is made of, for fuzz_lower
 */
#include <stdio.h>

#include "disasm.h"
#include "generate.h"
#include "names.h"
#include "runner.h"
#include "tap.h"

#define PROGRAMS	20000
#define SEED		20240229
#define NR_REASONS	(KCSD_FAULT_INJECTED + 1)

/* Number of runs that ended for each reason. */
static u32 ended[NR_REASONS];
static u64 insns;

static const char *try_seed(u64 seed)
{
	u8 choices[GENERATE_MAX_CHOICES];
	struct kcsd_vm_end end;
	const char *bad = fuzz_generated(choices, generate_choices(seed, choices), &end);

	if (!bad) {
		ended[end.reason]++;
		insns += end.insns;
	}
	return bad;
}

static int try_seeds(u64 seed, u64 nr)
{
	const char *bad = NULL;
	u64 i;
	u32 n;

	for (i = 0; i < nr && !bad; i++)
		bad = try_seed(seed + i);
	puts("TAP version 13");
	tap_point(!bad, "generated programs in all engines");
	if (bad)
		tap_note("seed %llu: %s", (unsigned long long)(seed + i - 1), bad);
	tap_note("%llu programs from seed %llu, %llu instructions", (unsigned long long)i,
		 (unsigned long long)seed, (unsigned long long)insns);
	for (n = 0; n < ARRAY_SIZE(ended); n++)
		if (ended[n])
			tap_note("%u: %s", ended[n], fault_name(n));
	return tap_end();
}

static int show(u64 seed)
{
	struct generated *g = malloc(sizeof(*g));
	u8 choices[GENERATE_MAX_CHOICES];
	char text[KCSD_DISASM_LEN];
	u32 pc;

	assert(g);
	generate(g, choices, generate_choices(seed, choices));
	printf("# data %u, bss %u, heap %u, args %u, budget %llu\n", g->parts.data_len,
	       g->parts.bss_len, g->parts.heap_len, g->input.args_len,
	       (unsigned long long)g->budget);
	for (pc = 0; pc < g->parts.insn_cnt;) {
		printf("%4u: ", pc);
		pc += kcsd_disasm(g->insns, g->parts.insn_cnt, pc, NULL, text);
		puts(text);
	}
	free(g);
	return 0;
}

/* Write choices to the standard output. */
static int write_choices(u64 seed)
{
	u8 choices[GENERATE_MAX_CHOICES];
	size_t len = generate_choices(seed, choices);

	return fwrite(choices, 1, len, stdout) != len;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--show"))
		return show(strtoull(argv[2], NULL, 0));
	if (argc > 2 && !strcmp(argv[1], "--choices"))
		return write_choices(strtoull(argv[2], NULL, 0));
	return try_seeds(argc > 2 ? strtoull(argv[2], NULL, 0) : SEED,
			 argc > 1 ? strtoull(argv[1], NULL, 0) : PROGRAMS);
}

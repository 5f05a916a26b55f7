/* SPDX-License-Identifier: GPL-2.0 */
/* A drive with SLM, with each engine. How runs map memory: driver/compute/mapping.h. */
#ifndef KST_EXECUTE_RANGES_H
#define KST_EXECUTE_RANGES_H

#include "harness.h"
#include "range_drive.h"
#include "run.h"

FIXTURE(execute_ranges) {
	struct drive d, other;
	struct run r;
	__u8 *buf;		/* SLM bytes */
};

FIXTURE_VARIANT(execute_ranges) {
	const char *engine;
	__u32 record;
};

FIXTURE_VARIANT_ADD(execute_ranges, jit) { .engine = "jit", .record = KCSD_ENGINE_JIT };
FIXTURE_VARIANT_ADD(execute_ranges, interp) { .engine = "interp", .record = KCSD_ENGINE_INTERP };

FIXTURE_SETUP(execute_ranges)
{
	drive_sweep();
	self->other = (struct drive)DRIVE_INIT;
	self->buf = calloc(1, SLM);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, range_drive_create(&self->d, "ranges", variant->engine, "2"));
}

FIXTURE_TEARDOWN(execute_ranges)
{
	drive_remove(&self->other);
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

#endif

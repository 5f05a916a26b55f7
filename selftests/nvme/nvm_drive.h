/* SPDX-License-Identifier: GPL-2.0 */
/* A drive for tests of NVM commands: in memory, on a file, with a cache. */
#ifndef KST_NVM_DRIVE_H
#define KST_NVM_DRIVE_H

#include "harness.h"
#include "nvm.h"

#define NSZE_BYTES	(96u << 20)	/* more than the longest Write Zeroes */
#define SHOWN		64u		/* LBAs that the tests compare */

FIXTURE(nvm_commands) {
	struct drive d;
	char file[64];
	__u32 lba;
	__u64 nsze;
	__u8 *model;		/* wanted content of the first SHOWN LBAs */
	__u8 *buf;
};

FIXTURE_VARIANT(nvm_commands) {
	__u32 lba;
	bool file;
	const char *cache;
};

FIXTURE_VARIANT_ADD(nvm_commands, memory) { .lba = 4096 };
FIXTURE_VARIANT_ADD(nvm_commands, memory_512) { .lba = 512 };
FIXTURE_VARIANT_ADD(nvm_commands, file) { .lba = 4096, .file = true };
FIXTURE_VARIANT_ADD(nvm_commands, cache) { .lba = 4096, .file = true, .cache = "65536" };

FIXTURE_SETUP(nvm_commands)
{
	struct drive_attr attrs[16] = {
		DRIVE_SMALL, { "size", "100663296" },
		{ "block_size", variant->lba == 512 ? "512" : "4096" },
	};
	int n = 0;

	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	strcpy(self->file, "/tmp/kst-nvm-XXXXXX");
	while (attrs[n].name)
		n++;
	if (variant->file) {
		ASSERT_EQ(0, file_make(self->file, NSZE_BYTES));
		attrs[n++] = (struct drive_attr){ "backing_file", self->file };
	}
	if (variant->cache)
		attrs[n++] = (struct drive_attr){ "cache_size", variant->cache };
	self->lba = variant->lba;
	self->nsze = NSZE_BYTES / self->lba;
	self->model = malloc(SHOWN * self->lba);
	self->buf = aligned_alloc(4096, KST_MIB);
	ASSERT_TRUE(self->model && self->buf);
	ASSERT_EQ(0, drive_create(&self->d, "nvm", attrs));
	nvm_pattern(self->model, 0, SHOWN, self->lba, 0);
	ASSERT_EQ(0, nvm_write(self->d.nvm, 0, SHOWN, self->lba, self->model));
}

FIXTURE_TEARDOWN(nvm_commands)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	if (variant->file)
		file_remove(self->file);
	free(self->model);
	free(self->buf);
}

/* Expect that the drive holds the content of the model. */
#define EXPECT_MODEL() \
	EXPECT_TRUE(nvm_holds(&self->d, self->model, SHOWN * self->lba, self->lba, self->buf))

#endif

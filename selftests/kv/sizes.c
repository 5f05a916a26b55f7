// SPDX-License-Identifier: GPL-2.0
/* Keys and values of each length. */
#include "tests.h"

static const u32 lens[] = {
	0, 1, 63, 64, 65, 127, 128, 4000, 4031, 4032, 4033, 4095, 4096, 4097, 65536,
	KCSD_KV_PIECE - 1, KCSD_KV_PIECE, KCSD_KV_PIECE + 1, 2 * KCSD_KV_PIECE, 1 << 20,
	(3 << 20) + 5,
};

static struct kcsd_kv_name key_of(u32 len, u8 byte)
{
	struct kcsd_kv_name name = { .len = (u8)len };

	memset(name.key, byte, len);
	return name;
}

static const u8 bytes[] = { 0, 1, 'a', 0xff };

static u32 each(struct kcsd_kv *kv, bool storing)
{
	u32 len, b, i, wrong = 0;
	struct kcsd_kv_name name;

	for (len = 1; len <= KCSD_KV_MAX_KEY; len++)
		for (b = 0; b < ARRAY_SIZE(bytes); b++) {
			name = key_of(len, bytes[b]);
			wrong += 0 != (storing ? store(kv, &name, len * 10, b, 0) :
						 expect(kv, &name, len * 10, b));
		}
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		name = name_of(100 + i);
		wrong += 0 != (storing ? store(kv, &name, lens[i], i, 0) :
					 expect(kv, &name, lens[i], i));
	}
	return wrong;
}

static void sizes(struct disk *d)
{
	struct kcsd_kv_config c = { .size = 32 << 20, .max_value = 4 << 20, .max_keys = 1000 };
	struct kcsd_kv *kv;
	char why[100];

	IS(kcsd_kv_open(&c, d ? &d->medium : NULL, &kv, why, sizeof(why)), 0, "%s",
	   d ? "a file" : "memory");
	IS(each(kv, true), 0, "store keys and values of each length");
	IS(each(kv, false), 0, "read them");
	if (d) {
		kcsd_kv_close(kv);
		IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), 0, "close and open");
		IS(each(kv, false), 0, "read them");
		kcsd_kv_cut(kv, 3);
		kcsd_kv_close(kv);
		IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), 0, "cut power and open");
		IS(each(kv, false), 0, "read them");
	}
	kcsd_kv_close(kv);
}

void sizes_tests(void)
{
	struct disk *d = disk_create(128 << 20);

	sizes(NULL);
	sizes(d);
	disk_destroy(d);
}

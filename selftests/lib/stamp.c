// SPDX-License-Identifier: GPL-2.0
#include "stamp.h"

static __u64 stamp_mix(__u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static __u64 stamp_word(__u64 tag, unsigned int i)
{
	if (!tag || !i)
		return tag;
	return stamp_mix(tag + i * 0x9e3779b97f4a7c15);
}

void stamp_fill(__u64 *lba, __u64 tag)
{
	for (unsigned int i = 0; i < STAMP_WORDS; i++)
		lba[i] = stamp_word(tag, i);
}

bool stamp_read(const __u64 *lba, __u64 *tag)
{
	*tag = lba[0];
	for (unsigned int i = 0; i < STAMP_WORDS; i++)
		if (lba[i] != stamp_word(*tag, i))
			return false;
	return true;
}

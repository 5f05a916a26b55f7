// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Copy structs between callers and the library, either of which may know more members. */
#include <errno.h>
#include <string.h>

#include "private.h"

#define MAX_OPTS	4096	/* bytes; a larger size is garbage */

int kcsd_opts_copy(void *to, size_t size, const void *opts)
{
	const unsigned char *bytes = opts;
	size_t sz, i;

	memset(to, 0, size);
	if (!opts)
		return 0;
	memcpy(&sz, opts, sizeof(sz));
	if (sz < sizeof(sz) || sz > MAX_OPTS)
		return -EINVAL;
	for (i = size; i < sz; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(to, opts, MIN(sz, size));
	return 0;
}

void kcsd_info_copy(void *to, size_t to_size, const void *from, size_t from_size)
{
	memset(to, 0, to_size);
	memcpy(to, from, MIN(to_size, from_size));
}

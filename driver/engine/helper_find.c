// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * memmem over the memory of a program by the two-way algorithm (Crochemore and Perrin). It needs
 * no memory of its own and, unlike a search for the first byte and a comparison there, reads each
 * byte about three times at most, for any bytes. While no part of the needle is known to match,
 * it searches for two adjacent bytes of it, eight places at a time.
 */
#include "helper.h"

struct search {
	struct kcsd_pace pace;
	const u8 *hay, *needle;
	u64 hay_len, len;	/* len: of the needle, 2 to hay_len */
	u64 cut;		/* the critical position: its right part is compared first */
	u64 shift;		/* distance to move if only the right part matches */
	u64 keep;		/* bytes known to match after that; 0 if not periodic */
};

/* ---- comparing and searching, in pieces ---- */

/* Returns the number of equal bytes at the start of a and b. */
static u64 same_forward(struct search *s, const u8 *a, const u8 *b, u64 len)
{
	u64 done = 0, n, i;

	do {
		n = kcsd_pace_piece(&s->pace, len - done);
		for (i = 0; i < n && a[done] == b[done]; i++)
			done++;
	} while (kcsd_pace_step(&s->pace, i) && i == n && done < len);
	return done;
}

/* Returns the number of equal bytes at the end of [a, a + len) and [b, b + len). */
static u64 same_backward(struct search *s, const u8 *a, const u8 *b, u64 len)
{
	u64 left = len, n, i;

	do {
		n = kcsd_pace_piece(&s->pace, left);
		for (i = 0; i < n && a[left - 1] == b[left - 1]; i++)
			left--;
	} while (kcsd_pace_step(&s->pace, i) && i == n && left);
	return len - left;
}

static u64 load64(const u8 *p)
{
	return le64_to_cpu(get_unaligned((const __le64 *)p));
}

#define EACH_BYTE(value)	(0x0101010101010101ULL * (value))

/*
 * Find the two bytes pair[0], pair[1]. Returns the first of the places [0, nr) of p, or nr. p has
 * nr + 1 bytes.
 */
static u64 find_pair(const u8 *p, u64 nr, const u8 *pair)
{
	const u64 first = EACH_BYTE(pair[0]), second = EACH_BYTE(pair[1]);
	u64 i, diff, zeroes;

	for (i = 0; i + 8 <= nr; i += 8) {
		diff = (load64(p + i) ^ first) | (load64(p + i + 1) ^ second);
		/* Set bit 7 of each byte that is 0; above the first such byte it may be wrong. */
		zeroes = (diff - EACH_BYTE(1)) & ~diff & EACH_BYTE(0x80);
		if (zeroes)
			return i + __builtin_ctzll(zeroes) / 8;
	}
	for (; i < nr; i++)
		if (p[i] == pair[0] && p[i + 1] == pair[1])
			break;
	return i;
}

/* Returns the first place from pos on where the needle may be; beyond the last if none. */
static u64 next_candidate(struct search *s, u64 pos)
{
	u64 anchor = min(s->cut, s->len - 2), end = s->hay_len - s->len + 1, nr, n;

	while (pos < end) {
		nr = kcsd_pace_piece(&s->pace, end - pos);
		n = find_pair(s->hay + pos + anchor, nr, s->needle + anchor);
		pos += n;
		if (!kcsd_pace_step(&s->pace, min(n + 1, nr)) || n < nr)
			break;
	}
	return pos;
}

/* ---- the needle ---- */

/*
 * Find the greatest suffix of the needle, by the order of bytes or by its reverse. Returns its
 * start and its period.
 */
static u64 greatest_suffix(struct search *s, bool reverse, u64 *period)
{
	const u8 *x = s->needle;
	u64 best = 0, other = 1, k = 0;
	u8 a, b;

	*period = 1;
	while (other + k < s->len && !s->pace.vm->end.reason) {
		a = x[other + k];
		b = x[best + k];
		if (a == b) {
			k++;
			if (k == *period) {
				other += k;
				k = 0;
			}
		} else if ((a < b) != reverse) {
			other += k + 1;
			k = 0;
			*period = other - best;
		} else {
			best = other;
			other++;
			k = 0;
			*period = 1;
		}
		kcsd_pace_step(&s->pace, 1);
	}
	return best;
}

static void factorize(struct search *s)
{
	u64 period, reverse_period, reverse_cut = greatest_suffix(s, true, &reverse_period);

	s->cut = greatest_suffix(s, false, &period);
	if (reverse_cut > s->cut) {
		s->cut = reverse_cut;
		period = reverse_period;
	}
	if (same_forward(s, s->needle, s->needle + period, s->cut) == s->cut) {
		s->shift = period;
		s->keep = s->len - period;
	} else {
		s->shift = max(s->cut, s->len - s->cut) + 1;
		s->keep = 0;
	}
}

/* ---- the search ---- */

/* Returns the place of the needle in the hay; past the last possible place if not found. */
static u64 find(struct search *s)
{
	u64 pos = 0, known = 0, from, n;

	while (!s->pace.vm->end.reason) {
		if (!known)
			pos = next_candidate(s, pos);
		if (pos > s->hay_len - s->len)
			break;
		from = max(s->cut, known);
		n = same_forward(s, s->needle + from, s->hay + pos + from, s->len - from);
		if (n < s->len - from) {
			pos += from + n - s->cut + 1;
			known = 0;
			continue;
		}
		n = s->cut > known ? s->cut - known : 0;
		if (same_backward(s, s->needle + known, s->hay + pos + known, n) == n)
			break;
		pos += s->shift;
		known = s->keep;
	}
	return pos;
}

/* Find a needle of one byte. */
static s64 find_byte(struct kcsd_vm *vm, const struct kcsd_helper_args *args)
{
	const struct kcsd_helper_args byte = {
		.val = { args->val[0], *(const u8 *)args->ptr[2], args->val[1] },
		.ptr = { args->ptr[0] },
	};

	return kcsd_helper_memchr(vm, &byte);
}

s64 kcsd_helper_memmem(struct kcsd_vm *vm, const struct kcsd_helper_args *args)
{
	struct search s = {
		.pace = kcsd_pace_start(vm),
		.hay = args->ptr[0], .hay_len = args->val[1],
		.needle = args->ptr[2], .len = args->val[3],
	};
	u64 pos;

	if (!s.len)
		return args->val[0];
	if (s.len > s.hay_len)
		return 0;
	/* Keep the search within the memory also if the CPU mis-speculates. */
	s.len = kcsd_index_nospec(s.len, s.hay_len + 1);
	if (s.len == 1)
		return find_byte(vm, args);
	factorize(&s);
	pos = find(&s);
	return pos > s.hay_len - s.len || vm->end.reason ? 0 : args->val[0] + pos;
}

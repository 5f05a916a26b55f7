/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parts of the command fuzzer: random numbers, shots (commands with their memory), and ways to send
 * them.
 */
#ifndef KST_FUZZ_H
#define KST_FUZZ_H

#include "kselftest.h"
#include "run.h"

#define FUZZ_DATA_ROOM		(64u << 10)	/* between guard pages */
#define FUZZ_META_ROOM		(16u << 10)
#define FUZZ_DRIVES		4
#define FUZZ_SIZE		(8u << 20)	/* bytes of a drive */
#define FUZZ_SLM		(1u << 20)
#define FUZZ_MAX_MS		200		/* of a run that is not to be cancelled */
#define FUZZ_PROGRAMS		12		/* program indices that are used */

/* ---- random numbers ---- */

struct fuzz_random {
	__u64 state;
};

static inline __u64 fuzz_next(struct fuzz_random *r)
{
	__u64 z = (r->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline __u32 fuzz_below(struct fuzz_random *r, __u32 n)
{
	return n ? fuzz_next(r) % n : 0;
}

static inline bool fuzz_one_in(struct fuzz_random *r, __u32 n)
{
	return !fuzz_below(r, n);
}

/* ---- memory between two guard pages ---- */

struct fuzz_room {
	__u8 *base;
	__u32 len;
};

bool fuzz_room_make(struct fuzz_room *room, __u32 len);
void fuzz_room_free(struct fuzz_room *room);
/* Returns len bytes at the start or the end of the room. */
void *fuzz_room_place(struct fuzz_random *r, const struct fuzz_room *room, __u32 len);

/* ---- shots ---- */

enum fuzz_node { FUZZ_CTRL, FUZZ_NVM, FUZZ_SLM_NODE, FUZZ_COMPUTE, FUZZ_KV, FUZZ_NODES };

/* One command, and its memory. The memory is not used otherwise while the command is in flight. */
struct fuzz_shot {
	struct nvme_uring_cmd cmd;
	enum fuzz_node node;
	bool admin;
	bool vec;		/* cmd.addr points to iovecs at the start of `arg` */
	bool endless;		/* may run until it is cancelled */
	const char *what;	/* name of its kind */
	__u32 seen;		/* successful commands of this kind, for the report */
	struct fuzz_room data;
	struct fuzz_room meta;
	struct fuzz_room arg;	/* argument of an ioctl; iovecs */
};

bool fuzz_shot_init(struct fuzz_shot *s);
void fuzz_shot_free(struct fuzz_shot *s);
/* Make a new command of some kind: valid, or, in most cases, with some fields changed. */
void fuzz_make(struct fuzz_random *r, struct fuzz_shot *s);
/* True if memory beside the buffers is as fuzz_make() left it. */
bool fuzz_shot_intact(const struct fuzz_shot *s);

/* Number of kinds, and their names. */
int fuzz_kinds(void);
const char *fuzz_kind_name(int kind);
int fuzz_kind_of(const struct fuzz_shot *s);

/* ---- sending ---- */

/* True if a command may return this. res: as received. */
bool fuzz_result_known(int res);
/* Send by one of the ioctls. */
int fuzz_ioctl(struct fuzz_random *r, struct fuzz_shot *s, int fd);

struct fuzz_ring {
	struct io_uring ring;
	unsigned int flags;	/* IORING_SETUP_* */
	bool fixed;		/* data rooms are registered as buffers, by number of the shot */
};

bool fuzz_ring_open(struct fuzz_random *r, struct fuzz_ring *ring, struct fuzz_shot *s, int nr);
void fuzz_ring_close(struct fuzz_ring *ring);
/* fd: of the node. Returns false if the ring is full. */
bool fuzz_ring_put(struct fuzz_random *r, struct fuzz_ring *ring, struct fuzz_shot *s, int fd,
		   __u64 tag);
/* Send the nr commands that were put. Returns 0 or -errno. */
int fuzz_ring_send(struct fuzz_ring *ring, int nr);

#endif

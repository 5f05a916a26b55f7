// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Load, activate and list programs: Load Program, Program Activation Management, Program List. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "private.h"

#define DEFAULT_CHUNK	(128u << 10)	/* bytes */
#define MAX_PIND	0xffff

/* ---- the list ---- */

/* Read all descriptors; the caller frees *list. */
static int read_list(struct kcsd_drive *drv, struct kcsd_program_list **list)
{
	struct kcsd_program_list head, *all;
	size_t len;
	int ret;

	ret = kcsd_log_page_get(drv, KCSD_LOG_PROGRAM_LIST, KCSD_NSID_COMPUTE, 0, &head,
				sizeof(head));
	if (ret)
		return ret;
	len = sizeof(head) + le16toh(head.nr) * sizeof(struct kcsd_program_desc);
	all = malloc(len);
	if (!all)
		return -ENOMEM;
	ret = kcsd_log_page_get(drv, KCSD_LOG_PROGRAM_LIST, KCSD_NSID_COMPUTE, 0, all, len);
	if (ret) {
		free(all);
		return ret;
	}
	/*
	 * Use the number that fits the allocated memory; the second reading may return another one.
	 */
	all->nr = head.nr;
	*list = all;
	return 0;
}

static int visit_program(uint32_t pind, const struct kcsd_program_desc *d,
			 int (*fn)(const struct kcsd_program_info *info, void *arg), void *arg)
{
	struct kcsd_program_info info = {
		.pind = pind,
		.psize = le32toh(d->psize),
		.puid = le64toh(d->puid),
		.peocc = KCSD_PROGRAM_PEOCC(d->state),
		.active = !!(d->state & KCSD_PROGRAM_ACT),
		.ptype = d->ptype,
		.pit = d->state >> 3 & 7,
	};

	memcpy(info.name, d->name, sizeof(d->name));
	return fn(&info, arg);
}

static bool is_empty(const struct kcsd_program_desc *d)
{
	return KCSD_PROGRAM_PEOCC(d->state) == KCSD_PROGRAM_PEOCC_EMPTY;
}

int kcsd_program_each(struct kcsd_drive *drv,
		      int (*fn)(const struct kcsd_program_info *info, void *arg), void *arg)
{
	const struct kcsd_program_desc *desc;
	struct kcsd_program_list *list;
	uint32_t pind;
	int ret;

	ret = read_list(drv, &list);
	if (ret)
		return ret;
	desc = (const void *)(list + 1);
	for (pind = 0; pind < le16toh(list->nr) && !ret; pind++)
		if (!is_empty(&desc[pind]))
			ret = visit_program(pind, &desc[pind], fn, arg);
	free(list);
	return ret;
}

/* ---- load ---- */

struct load {
	struct kcsd_drive *drv;
	const char *image;
	uint32_t len;		/* bytes */
	uint32_t chunk;		/* bytes */
	uint64_t puid;
	bool persistent;
	uint64_t result;	/* of the last command */
	uint32_t sent;		/* bytes that the drive accepted */
};

static int load_chunk(struct load *load, uint32_t pind, uint32_t offset, uint32_t len)
{
	uint32_t pit = load->puid ? KCSD_PIT_VENDOR : KCSD_PIT_NONE;
	struct nvme_passthru_cmd64 cmd = {
		.opcode = KCSD_ADMIN_LOAD_PROGRAM,
		.nsid = KCSD_NSID_COMPUTE,
		.addr = (uintptr_t)(load->image + offset),
		.data_len = len,
		.cdw10 = pind | KCSD_PTYPE_EBPF << KCSD_LOAD_PTYPE_SHIFT |
			 pit << KCSD_LOAD_PIT_SHIFT |
			 (load->persistent ? KCSD_LOAD_PERSISTENT : 0),
		.cdw11 = load->len,
		.cdw12 = (uint32_t)load->puid,
		.cdw13 = load->puid >> 32,
		.cdw14 = len,
		.cdw15 = offset,
	};
	int ret = kcsd_drive_admin(load->drv, &cmd);

	load->result = cmd.result;
	return ret;
}

static int load_at(struct load *load, uint32_t pind)
{
	uint32_t n;
	int ret;

	for (load->sent = 0; load->sent < load->len; load->sent += n) {
		n = MIN(load->chunk, load->len - load->sent);
		ret = load_chunk(load, pind, load->sent, n);
		if (ret) {
			/*
			 * The drive keeps the earlier chunks unless it refused the whole program.
			 */
			if (load->sent && ret != KCSD_SC_INVALID_PROGRAM_DATA)
				kcsd_program_unload(load->drv, pind);
			return ret;
		}
	}
	return 0;
}

/*
 * Load to the first empty index of the list that still is free: another process may take one
 * meanwhile.
 */
static int load_anywhere(struct load *load, uint32_t *pind)
{
	const struct kcsd_program_desc *desc;
	struct kcsd_program_list *list;
	uint32_t i;
	int ret;

	ret = read_list(load->drv, &list);
	if (ret)
		return ret;
	desc = (const void *)(list + 1);
	ret = KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES;
	for (i = 0; i < le16toh(list->nr); i++) {
		if (!is_empty(&desc[i]))
			continue;
		ret = load_at(load, i);
		if (ret != KCSD_SC_PROGRAM_IN_USE)
			break;
	}
	free(list);
	*pind = i;
	/* An empty index above those of the host is reserved for device-defined programs. */
	if (ret == KCSD_SC_PROGRAM_IN_USE || ret == KCSD_SC_NOT_DOWNLOADABLE)
		return KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES;
	return ret;
}

/*
 * Lock out other loads by users of this library. An index whose program is still arriving looks
 * empty, and a second first chunk discards the first. The mutex excludes threads that share a
 * handle, the file lock all others.
 */
static int lock_load(struct kcsd_drive *drv)
{
	pthread_mutex_lock(&drv->load_lock);
	if (!flock(drv->ctrl_fd, LOCK_EX))
		return 0;
	pthread_mutex_unlock(&drv->load_lock);
	return -errno;
}

static void unlock_load(struct kcsd_drive *drv)
{
	flock(drv->ctrl_fd, LOCK_UN);
	pthread_mutex_unlock(&drv->load_lock);
}

/* Describe which limit of the drive was exceeded, or the index that is too large. */
static int describe_limit(struct kcsd_error *err, int ret, uint32_t pind, const struct load *load)
{
	const char *drive = load->drv->name, *why = kcsd_error_text(ret);
	struct kcsd_compute_info info;

	if (kcsd_compute_identify(load->drv, &info, sizeof(info)))
		return kcsd_error_set(err, ret, "cannot load the program to %s: %s", drive, why);
	switch (ret) {
	case KCSD_SC_PROGRAM_TOO_BIG:
		return kcsd_error_set(err, ret, "%s has no room for a program of %u bytes: %s: "
				      "at most %u", drive, load->len, why, info.max_program_len);
	case KCSD_SC_MAX_PROGRAM_BYTES:
		return kcsd_error_set(err, ret, "%s has no room for a program of %u bytes: %s: "
				      "all together at most %llu (max_program_bytes)", drive,
				      load->len, why, (unsigned long long)info.maxpb);
	default:
		return kcsd_error_set(err, ret, "cannot load the program at index %u of %s: %s: "
				      "there are 0 to %u", pind, drive, why, info.maxprog - 1);
	}
}

/* Describe why the drive refused the program. */
static int describe_refusal(struct kcsd_error *err, const struct load *load)
{
	uint32_t reason = KCSD_LOAD_RESULT_VERDICT(load->result);
	uint32_t pc = KCSD_LOAD_RESULT_PC(load->result);
	struct kcsd_compute_info info;

	kcsd_error_set(err, 0, "the drive refused the program: instruction %u: %s", pc,
		       kcsd_verdict_text(reason));
	if (reason == KCSD_VERDICT_MEMORY && !kcsd_compute_identify(load->drv, &info, sizeof(info)))
		kcsd_memory_describe(load->image, load->len, info.arena_len, err);
	if (err) {
		err->verdict = reason;
		err->pc = pc;
	}
	return KCSD_SC_INVALID_PROGRAM_DATA;
}

static int describe_load(struct kcsd_error *err, int ret, uint32_t pind, const struct load *load)
{
	switch (ret) {
	case KCSD_SC_INVALID_PROGRAM_DATA:
		return describe_refusal(err, load);
	case KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES:
		kcsd_error_set(err, ret, "no program index is free on %s, or it is out of memory: "
			       "unload a program", load->drv->name);
		break;
	case KCSD_SC_PROGRAM_TOO_BIG:
	case KCSD_SC_MAX_PROGRAM_BYTES:
	case KCSD_SC_INVALID_PROGRAM_INDEX:
		return describe_limit(err, ret, pind, load);
	case -EACCES:
		kcsd_error_set(err, ret, "%s is not open for writing", load->drv->name);
		break;
	case KCSD_SC_INVALID_FIELD:
		kcsd_error_set(err, ret, "cannot load the program at index %u of %s: %s: %s", pind,
			       load->drv->name, kcsd_error_text(ret),
			       kcsd_field_name(load->result));
		break;
	default:
		if (load->sent || ret > 0)
			kcsd_error_set(err, ret, "cannot load the program at index %u of %s: %s",
				       pind, load->drv->name, kcsd_error_text(ret));
		else
			kcsd_error_set(err, ret, "cannot load the program to %s: %s",
				       load->drv->name, kcsd_error_text(ret));
	}
	return ret;
}

static int validate_load(const void *image, size_t len, const struct kcsd_load_opts *o,
			 struct kcsd_error *err)
{
	if (!image || !len || len > UINT32_MAX)
		return kcsd_error_set(err, -EINVAL, "a program of %zu bytes cannot be loaded", len);
	if (o->pind < KCSD_PIND_ANY || o->pind > MAX_PIND)
		return kcsd_error_set(err, -EINVAL, "%d is no program index (0 to %d)", o->pind,
				      MAX_PIND);
	if (o->chunk % sizeof(uint64_t))
		return kcsd_error_set(err, -EINVAL,
				      "chunk: %u bytes are no multiple of 8", o->chunk);
	return 0;
}

/* Choose the bytes of a chunk: the requested number, rounded to units that the drive accepts. */
static int choose_chunk(struct kcsd_drive *drv, const struct kcsd_load_opts *o, uint32_t *chunk)
{
	struct kcsd_compute_info info;
	int ret = kcsd_compute_identify(drv, &info, sizeof(info));
	uint32_t n = MIN(o->chunk ? o->chunk : DEFAULT_CHUNK, drv->max_transfer);

	if (ret)
		return ret;
	*chunk = n > info.lpg ? n - n % info.lpg : info.lpg;
	return 0;
}

int kcsd_program_load(struct kcsd_drive *drv, const void *image, size_t len,
		      const struct kcsd_load_opts *opts, uint32_t *pind, struct kcsd_error *err)
{
	struct load load = { .drv = drv, .image = image, .len = len };
	struct kcsd_load_opts o = {};
	uint32_t at;
	int ret;

	ret = kcsd_opts_copy(&o, sizeof(o), opts);
	if (ret)
		return kcsd_error_set(err, ret, "kcsd_load_opts: impossible size");
	if (!opts)
		o.pind = KCSD_PIND_ANY;
	ret = validate_load(image, len, &o, err);
	if (ret)
		return ret;
	load.puid = o.puid;
	load.persistent = o.persistent;
	at = o.pind;

	ret = choose_chunk(drv, &o, &load.chunk);
	if (!ret)
		ret = lock_load(drv);
	if (!ret) {
		ret = o.pind == KCSD_PIND_ANY ? load_anywhere(&load, &at) : load_at(&load, at);
		unlock_load(drv);
	}
	if (ret)
		return describe_load(err, ret, at, &load);
	*pind = at;
	return 0;
}

/* ---- unload, activate, deactivate ---- */

static int program_cmd(struct kcsd_drive *drv, uint8_t opcode, uint32_t pind, uint32_t cdw10)
{
	struct nvme_passthru_cmd64 cmd = {
		.opcode = opcode,
		.nsid = KCSD_NSID_COMPUTE,
		.cdw10 = pind | cdw10,
	};

	return pind > MAX_PIND ? KCSD_SC_INVALID_PROGRAM_INDEX : kcsd_drive_admin(drv, &cmd);
}

int kcsd_program_unload(struct kcsd_drive *drv, uint32_t pind)
{
	return program_cmd(drv, KCSD_ADMIN_LOAD_PROGRAM, pind, KCSD_LOAD_SEL_UNLOAD);
}

int kcsd_program_activate(struct kcsd_drive *drv, uint32_t pind)
{
	return program_cmd(drv, KCSD_ADMIN_PROGRAM_ACTIVATION, pind,
			   KCSD_ACTIVATION_ACTIVATE << KCSD_ACTIVATION_SEL_SHIFT);
}

int kcsd_program_deactivate(struct kcsd_drive *drv, uint32_t pind)
{
	return program_cmd(drv, KCSD_ADMIN_PROGRAM_ACTIVATION, pind,
			   KCSD_ACTIVATION_DEACTIVATE << KCSD_ACTIVATION_SEL_SHIFT);
}

// SPDX-License-Identifier: GPL-2.0
/* Send the commands of namespace 4. */
#include <endian.h>
#include <errno.h>
#include <linux/nvme_ioctl.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kcsd.h>

#include "load.h"

#define SET_FEATURES	0x09
#define WRITE_CACHE	0x06

static const struct object_key no_key;

static struct nvme_passthru_cmd64 kv_command(uint8_t opcode, const struct object_key *key,
					     const void *buf, uint32_t len)
{
	struct nvme_passthru_cmd64 c = {
		.opcode = opcode, .nsid = KCSD_NSID_KV,
		.addr = (uintptr_t)buf, .data_len = len, .cdw10 = len, .cdw11 = key->len,
	};
	uint32_t word[KCSD_KV_MAX_KEY / 4];

	memcpy(word, key->bytes, sizeof(word));
	c.cdw2 = le32toh(word[0]);
	c.cdw3 = le32toh(word[1]);
	c.cdw14 = le32toh(word[2]);
	c.cdw15 = le32toh(word[3]);
	return c;
}

/* Return 0, -errno or a status. */
static int send_command(struct load *l, struct nvme_passthru_cmd64 *c)
{
	int ret = ioctl(l->kv, NVME_IOCTL_IO64_CMD, c);

	return ret < 0 ? -errno : ret & KCSD_SC_MASK;
}

static int send_kv(struct load *l, uint8_t opcode, uint32_t nr, const void *buf, uint32_t len)
{
	struct object_key key = object_key(nr);
	struct nvme_passthru_cmd64 c = kv_command(opcode, &key, buf, len);

	return send_command(l, &c);
}

int drive_flush_objects(struct load *l)
{
	struct nvme_passthru_cmd64 c = kv_command(KCSD_KV_FLUSH, &no_key, NULL, 0);

	return send_command(l, &c);
}

int drive_set_cache(struct load *l, bool on)
{
	struct nvme_passthru_cmd64 c = {
		.opcode = SET_FEATURES, .cdw10 = WRITE_CACHE, .cdw11 = on,
	};
	int ret = ioctl(l->ctrl, NVME_IOCTL_ADMIN64_CMD, &c);

	return ret < 0 ? -errno : ret;
}

int drive_store(struct load *l, uint32_t nr, const void *value, uint32_t len)
{
	return send_kv(l, KCSD_KV_STORE, nr, value, len);
}

int drive_retrieve(struct load *l, uint32_t nr, void *value, uint32_t room, uint32_t *len)
{
	struct object_key key = object_key(nr);
	struct nvme_passthru_cmd64 c = kv_command(KCSD_KV_RETRIEVE, &key, value, room);
	int ret = send_command(l, &c);

	*len = c.result;
	return ret;
}

int drive_delete(struct load *l, uint32_t nr)
{
	return send_kv(l, KCSD_KV_DELETE, nr, NULL, 0);
}

int drive_exist(struct load *l, uint32_t nr)
{
	return send_kv(l, KCSD_KV_EXIST, nr, NULL, 0);
}

int drive_list(struct load *l, const struct object_key *from, void *list, uint32_t room)
{
	struct nvme_passthru_cmd64 c = kv_command(KCSD_KV_LIST, from, list, room);

	return send_command(l, &c);
}

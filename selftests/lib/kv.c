// SPDX-License-Identifier: GPL-2.0
#include "kv.h"

#include <endian.h>

struct nvme_uring_cmd kv_cmd(__u8 opcode, const void *key, __u8 key_len, void *buf, __u32 len)
{
	struct nvme_uring_cmd c = {
		.opcode = opcode, .nsid = KCSD_NSID_KV,
		.addr = (uintptr_t)buf, .data_len = len,
		.cdw10 = len, .cdw11 = key_len,
	};
	__le32 word[4] = {};

	memcpy(word, key, key_len < sizeof(word) ? key_len : sizeof(word));
	c.cdw2 = le32toh(word[0]);
	c.cdw3 = le32toh(word[1]);
	c.cdw14 = le32toh(word[2]);
	c.cdw15 = le32toh(word[3]);
	return c;
}

int kv_store(int fd, const void *key, __u8 key_len, const void *buf, __u32 len, __u32 options)
{
	struct nvme_uring_cmd c = kv_cmd(KCSD_KV_STORE, key, key_len, (void *)buf, len);

	c.cdw11 |= options;
	return cmd_ioctl64(fd, NVME_IOCTL_IO64_CMD, &c, NULL);
}

int kv_retrieve(int fd, const void *key, __u8 key_len, void *buf, __u32 len, __u64 *value_len)
{
	struct nvme_uring_cmd c = kv_cmd(KCSD_KV_RETRIEVE, key, key_len, buf, len);

	return cmd_ioctl64(fd, NVME_IOCTL_IO64_CMD, &c, value_len);
}

int kv_delete(int fd, const void *key, __u8 key_len)
{
	struct nvme_uring_cmd c = kv_cmd(KCSD_KV_DELETE, key, key_len, NULL, 0);

	return cmd_ioctl64(fd, NVME_IOCTL_IO64_CMD, &c, NULL);
}

int kv_exist(int fd, const void *key, __u8 key_len)
{
	struct nvme_uring_cmd c = kv_cmd(KCSD_KV_EXIST, key, key_len, NULL, 0);

	return cmd_ioctl64(fd, NVME_IOCTL_IO64_CMD, &c, NULL);
}

int kv_flush(int fd)
{
	struct nvme_uring_cmd c = kv_cmd(KCSD_KV_FLUSH, "", 0, NULL, 0);

	return cmd_ioctl64(fd, NVME_IOCTL_IO64_CMD, &c, NULL);
}

int kv_list(int fd, const void *key, __u8 key_len, void *buf, __u32 len)
{
	struct nvme_uring_cmd c = kv_cmd(KCSD_KV_LIST, key, key_len, buf, len);

	return cmd_ioctl64(fd, NVME_IOCTL_IO64_CMD, &c, NULL);
}

const struct kcsd_kv_list_entry *kv_next(const void *list, const struct kcsd_kv_list_entry *entry)
{
	if (!entry)
		return list + sizeof(struct kcsd_kv_list);
	return (const void *)entry + (sizeof(*entry) + le16toh(entry->len) + 3) / 4 * 4;
}

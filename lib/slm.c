// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Access Subsystem Local Memory: Memory Read, Write, Fill and Copy on namespace 2. */
#include <errno.h>
#include <stdlib.h>

#include "private.h"

#define CNS_CS_NS	0x05
#define MAX_FILL	UINT32_MAX

int kcsd_slm_identify(struct kcsd_drive *drv, struct kcsd_slm_info *info, size_t size)
{
	struct kcsd_id_ns_slm id;
	struct kcsd_slm_info slm;
	int ret;

	_Static_assert(sizeof(id) == KCSD_IDENTIFY_LEN, "Identify is one page");
	ret = kcsd_drive_identify(drv, CNS_CS_NS, KCSD_CSI_SLM, KCSD_NSID_SLM, &id);
	if (ret)
		return ret;
	/* An inactive namespace is all zeroes. */
	if (!id.size)
		return KCSD_SC_INVALID_NS;
	slm = (struct kcsd_slm_info){
		.size = le64toh(id.size),
		.max_sources = le32toh(id.max_sources),
	};
	kcsd_info_copy(info, size, &slm, sizeof(slm));
	return 0;
}

static int send_bytes(struct kcsd_drive *drv, uint8_t opcode, uint64_t start, void *buf,
		      uint32_t len, uint8_t byte)
{
	struct nvme_passthru_cmd64 cmd = {
		.opcode = opcode,
		.nsid = KCSD_NSID_SLM,
		.addr = (uintptr_t)buf,
		.data_len = buf ? len : 0,
		.cdw10 = (uint32_t)start,
		.cdw11 = start >> 32,
		.cdw12 = len,
		.cdw13 = byte,
	};

	return kcsd_drive_io(drv, &cmd);
}

static int transfer_all(struct kcsd_drive *drv, uint8_t opcode, uint64_t start, char *buf,
			size_t len)
{
	size_t n;
	int ret;

	for (; len; len -= n, buf += n, start += n) {
		n = MIN(len, drv->max_transfer);
		ret = send_bytes(drv, opcode, start, buf, n, 0);
		if (ret)
			return ret;
	}
	return 0;
}

int kcsd_slm_read(struct kcsd_drive *drv, uint64_t start, void *buf, size_t len)
{
	return transfer_all(drv, KCSD_SLM_READ, start, buf, len);
}

int kcsd_slm_write(struct kcsd_drive *drv, uint64_t start, const void *buf, size_t len)
{
	/* Memory Write does not write to the buffer. */
	return transfer_all(drv, KCSD_SLM_WRITE, start, (char *)(uintptr_t)buf, len);
}

int kcsd_slm_fill(struct kcsd_drive *drv, uint64_t start, uint64_t len, uint8_t byte)
{
	uint64_t n;
	int ret;

	for (; len; len -= n, start += n) {
		n = MIN(len, MAX_FILL);
		ret = send_bytes(drv, KCSD_SLM_FILL, start, NULL, n, byte);
		if (ret)
			return ret;
	}
	return 0;
}

static int send_copy(struct kcsd_drive *drv, uint64_t to, uint64_t len, unsigned int format,
		     const void *descs, uint32_t nr, size_t desc_len)
{
	struct nvme_passthru_cmd64 cmd = {
		.opcode = KCSD_SLM_COPY,
		.nsid = KCSD_NSID_SLM,
		.addr = (uintptr_t)descs,
		.data_len = nr * desc_len,
		.cdw2 = (uint32_t)len,
		.cdw3 = len >> 32,
		.cdw10 = (uint32_t)to,
		.cdw11 = to >> 32,
		.cdw12 = (nr - 1) | format << KCSD_COPY_FORMAT_SHIFT,
	};

	return kcsd_drive_io(drv, &cmd);
}

int kcsd_slm_copy(struct kcsd_drive *drv, uint64_t to, const struct kcsd_slm_range *sources,
		  uint32_t nr)
{
	struct kcsd_copy_slm *d;
	uint64_t len = 0;
	uint32_t i;
	int ret;

	if (!nr || nr > KCSD_SLM_COPY_MAX_SOURCES)
		return -EINVAL;
	d = calloc(nr, sizeof(*d));
	if (!d)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		d[i].snsid = htole32(KCSD_NSID_SLM);
		d[i].saddr = htole64(sources[i].start);
		d[i].len = htole64(sources[i].len);
		len += sources[i].len;
	}
	ret = send_copy(drv, to, len, KCSD_COPY_SLM, d, nr, sizeof(*d));
	free(d);
	return ret;
}

int kcsd_slm_copy_lbas(struct kcsd_drive *drv, uint64_t to, const struct kcsd_lba_range *sources,
		       uint32_t nr)
{
	struct kcsd_copy_lba *d;
	uint64_t len = 0;
	uint32_t i;
	int ret;

	if (!nr || nr > KCSD_SLM_COPY_MAX_SOURCES)
		return -EINVAL;
	for (i = 0; i < nr; i++)
		if (!sources[i].nlb || sources[i].nlb > KCSD_COPY_MAX_NLB || sources[i].key_len)
			return -EINVAL;
	d = calloc(nr, sizeof(*d));
	if (!d)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		d[i].snsid = htole32(KCSD_NSID_NVM);
		d[i].slba = htole64(sources[i].slba);
		d[i].nlb = htole16(sources[i].nlb - 1);
		len += sources[i].nlb * drv->lba_size;
	}
	ret = send_copy(drv, to, len, KCSD_COPY_LBA, d, nr, sizeof(*d));
	free(d);
	return ret;
}

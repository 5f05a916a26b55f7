/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands of the Zoned Namespace Command Set, with the values of the standard, and a zoned drive.
 */
#ifndef KST_ZNS_H
#define KST_ZNS_H

#include "cmd.h"
#include "drive.h"

#define ZNS_SEND	0x79
#define ZNS_RECEIVE	0x7a
#define ZNS_APPEND	0x7d

enum zns_action { ZNS_CLOSE = 1, ZNS_FINISH, ZNS_OPEN, ZNS_RESET, ZNS_OFFLINE, ZNS_SET_EXT = 0x10 };
#define ZNS_SELECT_ALL	(1u << 8)

/* Filters of a report. Conditions have other numbers: KCSD_ZONE_COND_*. */
enum zns_filter {
	ZNS_ALL, ZNS_EMPTY, ZNS_IMP_OPEN, ZNS_EXP_OPEN, ZNS_CLOSED, ZNS_FULL, ZNS_READONLY,
	ZNS_OFFLINE_ONES, ZNS_FILTERS
};
#define ZNS_PARTIAL	(1u << 16)

struct zns_desc {
	__u8 zt;
	__u8 zs;	/* condition << 4 */
	__u8 za;
	__u8 rsvd3[5];
	__u64 zcap;
	__u64 zslba;
	__u64 wp;
	__u8 rsvd32[32];
};

#define ZNS_MAX_DESCS	64

struct zns_report {
	__u64 nr_zones;
	__u8 rsvd8[56];
	struct zns_desc desc[ZNS_MAX_DESCS];
};

/* The drive has 16 zones of 256 LBAs, of which 192 can be written; the first is conventional. */
#define ZNS_LBA		4096u
#define ZNS_SIZE	256u
#define ZNS_CAP		192u
#define ZNS_ZONES	16u
#define ZNS_NSZE	(ZNS_ZONES * ZNS_SIZE)
#define ZNS_MAX_APPEND	16u	/* LBAs */
#define ZNS_DRIVE \
	DRIVE_SMALL, { "zone_size", "1M" }, { "zone_capacity", "768K" }, \
	{ "conventional_zones", "1" }, { "max_append", "64K" }

/* Returns the first LBA of a zone. */
__u64 zns_start(__u32 zone);

struct nvme_uring_cmd zns_send_cmd(enum zns_action action, __u64 slba);
int zns_send(int fd, enum zns_action action, __u32 zone);
int zns_send_all(int fd, enum zns_action action);
struct nvme_uring_cmd zns_receive_cmd(__u64 slba, __u32 cdw13, void *buf, __u32 len);
int zns_receive(int fd, __u64 slba, __u32 cdw13, void *buf, __u32 len);
int zns_report(int fd, enum zns_filter filter, struct zns_report *report);

/* Returns the condition of a zone, or an error like a command. */
int zns_cond(int fd, __u32 zone, __u64 *wp);

struct nvme_uring_cmd zns_append_cmd(__u64 zslba, __u32 nlb, const void *buf);
int zns_append(int fd, __u32 zone, __u32 nlb, const void *buf, __u64 *lba);
int zns_write(int fd, __u64 slba, __u32 nlb, const void *buf);
int zns_read(int fd, __u64 slba, __u32 nlb, void *buf);

/* Make the drive change the zone itself, by configfs: attribute zone_readonly or zone_offline. */
int zns_wear_out(const struct drive *d, const char *attr, __u32 zone);

/*
 * Bring an empty zone into a condition. The limits of the drive must leave room for an open zone.
 * Returns 0 or the error of the step that failed.
 */
int zns_bring(const struct drive *d, __u32 zone, enum kcsd_zone_cond cond);

#endif

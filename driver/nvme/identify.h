/* SPDX-License-Identifier: GPL-2.0 */
/* What a controller says of itself; other files keep to it. */
#ifndef KCSD_IDENTIFY_H
#define KCSD_IDENTIFY_H

#include <linux/sizes.h>
#include <linux/types.h>

#include "limits.h"

#define KCSD_IDENTIFY_LEN	SZ_4K

/* Limits of commands that move nothing over the link; they bound the work of one command. */
#define KCSD_WZSL		14	/* Write Zeroes: 2^14 pages of 4 KiB */
#define KCSD_VSL		14	/* Verify */
#define KCSD_WUSL		12	/* Write Uncorrectable: the list of them is short */
/* All three are set or none; NVM Command Set, "Dataset Management Processing Limits". */
#define KCSD_DMRL		255	/* Dataset Management, ranges: of a byte the most */
#define KCSD_MAX_WRITE_ZEROES	(SZ_4K << KCSD_WZSL)	/* bytes */
#define KCSD_MAX_VERIFY		(SZ_4K << KCSD_VSL)
#define KCSD_MAX_DSM		SZ_64M	/* DMRSL and DMSL, bytes: one range, and all */
#define KCSD_MAX_WRITE_UNCOR	(SZ_4K << KCSD_WUSL)
#define KCSD_MAX_COPY_SOURCES	128	/* MSRC */
#define KCSD_MAX_COPY_SOURCE	SZ_4M	/* MSSRL, bytes */
#define KCSD_MAX_COPY		SZ_16M	/* MCL, bytes */

struct kcsd_drive;

#define KCSD_MODEL		"kcsd computational storage drive"
#define KCSD_SERIAL_LEN		20	/* as Identify has it */

/* The serial number, from the drive's UUID. */
void kcsd_identify_serial(const struct kcsd_drive *drive, char sn[KCSD_SERIAL_LEN + 1]);
/* The version, as 8 characters of an NVMe string. */
void kcsd_identify_firmware(char *fr);
/* Has the drive a namespace of this command set? */
bool kcsd_identify_has_csi(const struct kcsd_drive *drive, u8 csi);

#endif

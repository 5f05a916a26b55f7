/* SPDX-License-Identifier: GPL-2.0 */
/* Limits and strings that Identify reports. Other files enforce the limits. */
#ifndef KCSD_IDENTIFY_H
#define KCSD_IDENTIFY_H

#include <linux/sizes.h>
#include <linux/types.h>

#include "limits.h"

#define KCSD_IDENTIFY_LEN	SZ_4K

/* Limits of commands that transfer no LBA data over the link: bound the work of one command. */
#define KCSD_WZSL		14	/* Write Zeroes: 2^14 pages of 4 KiB */
#define KCSD_VSL		14	/* Verify */
#define KCSD_WUSL		12	/* Write Uncorrectable: the list of such LBAs is short */
/* Set all of DMRL, DMRSL, DMSL or none: NVM Command Set, "Dataset Management Processing Limits". */
#define KCSD_DMRL		255	/* ranges of Dataset Management: maximum of a byte */
#define KCSD_MAX_WRITE_ZEROES	(SZ_4K << KCSD_WZSL)	/* bytes */
#define KCSD_MAX_VERIFY		(SZ_4K << KCSD_VSL)
#define KCSD_MAX_DSM		SZ_64M	/* DMRSL (one range) and DMSL (all ranges), bytes */
#define KCSD_MAX_WRITE_UNCOR	(SZ_4K << KCSD_WUSL)
#define KCSD_NVM_COPY_MAX_SOURCES	128	/* MSRC */
#define KCSD_MAX_COPY_SOURCE	SZ_4M	/* MSSRL, bytes */
#define KCSD_MAX_COPY		SZ_16M	/* MCL, bytes */

struct kcsd_drive;

#define KCSD_MODEL		"kcsd computational storage drive"
#define KCSD_SERIAL_LEN		20	/* bytes of SN in Identify Controller */

/* Write the serial number, made from the UUID of the drive. */
void kcsd_identify_serial(const struct kcsd_drive *drive, char sn[KCSD_SERIAL_LEN + 1]);
/* Write the version of the module as an NVMe string of 8 characters. */
void kcsd_identify_firmware(char *fr);

#endif

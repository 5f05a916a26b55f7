/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Names and texts of numbers of the uapi headers. X(NAME, "text"). names.c does not build if a
 * value has none.
 */
#ifndef KCSD_LIB_TEXTS_H
#define KCSD_LIB_TEXTS_H

/* enum kcsd_status */
#define KCSD_STATUSES(X) \
	X(SUCCESS,				"Success") \
	X(INVALID_OPCODE,			"Invalid Command Opcode") \
	X(INVALID_FIELD,			"Invalid Field in Command") \
	X(ABORT_REQUESTED,			"Command Abort Requested") \
	X(INVALID_NS,				"Invalid Namespace or Format") \
	X(SANITIZE_FAILED,			"Sanitize Failed") \
	X(SANITIZE_IN_PROGRESS,			"Sanitize In Progress") \
	X(LBA_RANGE,				"LBA Out of Range") \
	X(CAPACITY_EXCEEDED,			"Capacity Exceeded") \
	X(NS_NOT_READY,				"Namespace Not Ready") \
	X(FORMAT_IN_PROGRESS,			"Format In Progress") \
	X(INVALID_VALUE_SIZE,			"Invalid Value Size") \
	X(INVALID_KEY_SIZE,			"Invalid Key Size") \
	X(NO_KEY,				"Key Does Not Exist") \
	X(UNRECOVERED,				"Unrecovered Error") \
	X(KEY_EXISTS,				"Key Exists") \
	X(INVALID_LOG_PAGE,			"Invalid Log Page") \
	X(INVALID_FORMAT,			"Invalid Format") \
	X(FEATURE_NOT_SAVEABLE,			"Feature Identifier Not Saveable") \
	X(FEATURE_NOT_CHANGEABLE,		"Feature Not Changeable") \
	X(FEATURE_NOT_PER_NS,			"Feature Not Namespace Specific") \
	X(COMMAND_SIZE,				"Command Size Limit Exceeded") \
	X(OVERLAPPING_IO_RANGE,			"Overlapping I/O Range") \
	X(INSUFFICIENT_RESOURCES,		"Insufficient Resources") \
	X(INSUFFICIENT_PROGRAM_RESOURCES,	"Insufficient Program Resources") \
	X(INVALID_MEMORY_NS,			"Invalid Memory Namespace") \
	X(INVALID_RANGE_SET,			"Invalid Memory Range Set") \
	X(INVALID_RANGE_SET_ID,			"Invalid Memory Range Set Identifier") \
	X(INVALID_PROGRAM_DATA,			"Invalid Program Data") \
	X(INVALID_PROGRAM_INDEX,		"Invalid Program Index") \
	X(INVALID_PROGRAM_TYPE,			"Invalid Program Type") \
	X(MAX_RANGES,				"Maximum Memory Ranges Exceeded") \
	X(MAX_RANGE_SETS,			"Maximum Memory Range Sets Exceeded") \
	X(MAX_ACTIVATED,			"Maximum Programs Activated") \
	X(MAX_PROGRAM_BYTES,			"Maximum Program Bytes Exceeded") \
	X(RANGE_SET_IN_USE,			"Memory Range Set In Use") \
	X(NO_PROGRAM,				"No Program") \
	X(OVERLAPPING_RANGES,			"Overlapping Memory Ranges") \
	X(NOT_ACTIVATED,			"Program Not Activated") \
	X(PROGRAM_IN_USE,			"Program In Use") \
	X(NOT_DOWNLOADABLE,			"Program Index Not Downloadable") \
	X(PROGRAM_TOO_BIG,			"Program Too Big") \
	X(ZONE_BOUNDARY,			"Zone Boundary Error") \
	X(ZONE_FULL,				"Zone Is Full") \
	X(ZONE_READ_ONLY,			"Zone Is Read Only") \
	X(ZONE_OFFLINE,				"Zone Is Offline") \
	X(ZONE_INVALID_WRITE,			"Zone Invalid Write") \
	X(TOO_MANY_ACTIVE_ZONES,		"Too Many Active Zones") \
	X(TOO_MANY_OPEN_ZONES,			"Too Many Open Zones") \
	X(INVALID_ZONE_TRANSITION,		"Invalid Zone State Transition") \
	X(INVALID_SOURCE_LIST,			"Invalid Source List") \
	X(SOURCE_LIST_IN_USE,			"Source List In Use") \
	X(INVALID_OUTPUT,			"Invalid Output") \
	X(OUTPUT_IN_USE,			"Output In Use") \
	X(NO_MODEL,				"No Model of Time") \
	X(WRITE_FAULT,				"Write Fault") \
	X(READ_ERROR,				"Unrecovered Read Error") \
	X(COMPARE_FAILED,			"Compare Failure") \
	X(PROGRAM_FAULT,			"Program Fault") \
	X(PROGRAM_BUDGET,			"Program Budget Exceeded") \
	X(PROGRAM_TIME,				"Program Time Exceeded") \
	X(PROGRAM_CANCELLED,			"Program Cancelled") \
	X(PROGRAM_CHANGED,			"Source Changed")

/* enum kcsd_field */
#define KCSD_FIELDS(X) \
	X(NSID,		"NSID") \
	X(CDW2,		"CDW2") \
	X(CDW3,		"CDW3") \
	X(MPTR,		"MPTR (metadata)") \
	X(DPTR,		"DPTR (data)") \
	X(CDW10,	"CDW10") \
	X(CDW11,	"CDW11") \
	X(CDW12,	"CDW12") \
	X(CDW13,	"CDW13") \
	X(CDW14,	"CDW14") \
	X(CDW15,	"CDW15")

/* enum kcsd_zone_cond */
#define KCSD_ZONE_CONDS(X) \
	X(NOT_WP,	"conventional") \
	X(EMPTY,	"empty") \
	X(IMP_OPEN,	"implicitly open") \
	X(EXP_OPEN,	"explicitly open") \
	X(CLOSED,	"closed") \
	X(READONLY,	"read-only") \
	X(FULL,		"full") \
	X(OFFLINE,	"offline")

#endif

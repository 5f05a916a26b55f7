/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libkcsd - run programs on a kcsd drive, from user space.
 *
 *	kcsd_drive_open -> kcsd_object_open -> kcsd_object_load -> kcsd_program_activate
 *	-> kcsd_program_run, or kcsd_queue_submit and kcsd_queue_reap
 *	-> kcsd_program_deactivate -> kcsd_program_unload -> kcsd_drive_close
 *
 * Objects, which need no program: kcsd_kv_store, kcsd_kv_retrieve, kcsd_kv_each.
 *
 * Functions are named kcsd_NOUN_VERB. kcsd_NOUN_each() calls a function for each of many.
 * kcsd_NOUN_PART, without a verb, returns one property: kcsd_drive_name(), kcsd_status_text().
 *
 * Return values of all functions that return an int, unless noted otherwise:
 *
 *	0	success; counts and objects are returned through pointers
 *	< 0	-errno: the system or the library refused, the drive did nothing.
 *		"as open(2)" and the like also mean: with its errors
 *	> 0	an NVMe status, SCT << 8 | SC (KCSD_SC_*): the drive refused
 *
 * kcsd_error_text() turns either into words. Errors of every call that sends a command to the
 * drive, besides those listed with it:
 *
 *	-ENODEV	the drive was powered off, or it has no such namespace
 *	-EACCES	the drive was opened read-only and the command modifies
 *	-EINTR	a signal came while waiting (a run is then cancelled)
 *	-ENOMEM	out of memory
 *
 * The library never prints. Growth: a struct that the caller fills in begins with its size
 * (KCSD_OPTS); for a struct that the library fills in, the size is the next argument. New members
 * are only added at the end.
 *
 * Threads: a drive handle may be shared by threads, except in kcsd_drive_close(). A queue belongs
 * to one thread at a time. An object is read-only once opened and may be shared. Functions without
 * a handle may be called from any thread.
 */
#ifndef LIBKCSD_H
#define LIBKCSD_H

#include <libkcsd/common.h>
#include <libkcsd/config.h>
#include <libkcsd/drive.h>
#include <libkcsd/histogram.h>
#include <libkcsd/kv.h>
#include <libkcsd/kv_file.h>
#include <libkcsd/log.h>
#include <libkcsd/object.h>
#include <libkcsd/program.h>
#include <libkcsd/query.h>
#include <libkcsd/queue.h>
#include <libkcsd/run.h>
#include <libkcsd/serve.h>
#include <libkcsd/serve_wire.h>
#include <libkcsd/source.h>
#include <libkcsd/sidecar.h>
#include <libkcsd/sim.h>
#include <libkcsd/slm.h>
#include <libkcsd/stats.h>
#include <libkcsd/table.h>
#include <libkcsd/zone.h>

#endif

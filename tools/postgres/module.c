// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The functions that PostgreSQL calls. */
#include "fdw.h"

#include "fmgr.h"
#include "foreign/fdwapi.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(kcsd_fdw_handler);

Datum kcsd_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = fdw_rel_size;
	routine->GetForeignPaths = fdw_paths;
	routine->GetForeignUpperPaths = fdw_upper_paths;
	routine->GetForeignPlan = fdw_plan;
	routine->BeginForeignScan = fdw_begin;
	routine->IterateForeignScan = fdw_iterate;
	routine->ReScanForeignScan = fdw_rescan;
	routine->EndForeignScan = fdw_end;
	routine->ExplainForeignScan = fdw_explain;
	PG_RETURN_POINTER(routine);
}

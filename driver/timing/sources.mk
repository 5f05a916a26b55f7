# SPDX-License-Identifier: GPL-2.0
# List the sources of the model of time, for the module, kcsd replay and the tests.
timing-sources := resource.c pipe.c flash.c buffer.c lanes.c unit.c
timing-sources += geometry.c params.c presets.c
timing-sources += ftl.c ftl_collect.c
timing-sources += zones.c
timing-sources += path.c model.c model_run.c model_stats.c

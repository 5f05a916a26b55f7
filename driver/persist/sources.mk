# SPDX-License-Identifier: GPL-2.0 OR MIT
# List the sources that read and write sidecars, for the module, the library and the tests.
sidecar-sources := state.c
sidecar-sources += journal.c
sidecar-sources += replay.c

# For code that writes zones only; the library does not need it.
sidecar-drive-sources := dirty.c

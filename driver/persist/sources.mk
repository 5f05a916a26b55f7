# SPDX-License-Identifier: GPL-2.0 OR MIT
# List the sources that read and write sidecars, for the module, the library and the tests.
side-sources := state.c
side-sources += journal.c
side-sources += replay.c

# For code that writes zones only; the library does not need it.
side-drive-sources := dirty.c

# SPDX-License-Identifier: GPL-2.0 OR MIT
# What reads and writes sidecars, for the module, the library and the tests alike.
side-sources := state.c
side-sources += journal.c
side-sources += replay.c

# What only who writes zones needs: not the library.
side-drive-sources := dirty.c

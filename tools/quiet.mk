# SPDX-License-Identifier: GPL-2.0 OR MIT
# Print a line for each command, "  CC      lib/run.o". V=1 prints the commands, as Kbuild does;
# make -s prints nothing.
#
#	$(call quiet,CC)$(CC) ... -o $@
ifeq ($(V),1)
quiet =
else ifneq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
quiet = @
else
quiet = @printf '  %-7s %s\n' $(1) $(@:$(OUTPUT)/%=%);
endif
MAKEFLAGS += --no-print-directory

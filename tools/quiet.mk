# SPDX-License-Identifier: GPL-2.0 OR MIT
# One line for each command, "  CC      lib/run.o". V=1 shows the commands themselves, as in the
# kernel's build; make -s shows nothing.
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

# SPDX-License-Identifier: GPL-2.0
#
# kcsd: "make help" lists what there is to make. The build of the module is in
# Kbuild, so that "make -C /lib/modules/.../build M=$PWD" works as well.

top := $(CURDIR)
OUTPUT := $(top)/build
include tools/quiet.mk
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_TIME ?= 600
KILLS ?= 20
CUTS ?= 100
TORTURE_RUNS ?= 2000

# Directories with a Makefile of their own; each honours OUTPUT, DESTDIR, PREFIX.
parts := lib tools/kcsd tools/sqlite bpf
sub = $(MAKE) OUTPUT=$(OUTPUT) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

# Kernel of the test VM: stock, debug (tools/vm/debug_kernel), or all, which is both.
KERNEL ?= stock
kernels = $(if $(filter all,$(KERNEL)),stock debug,$(KERNEL))

# Headers to build the module against: those of the running kernel, else of the cached one.
cached-kernel = $(shell tools/deps kernel 2>/dev/null)
running-kdir := $(wildcard /lib/modules/$(shell uname -r)/build)
KDIR ?= $(or $(running-kdir),$(addsuffix /build,$(cached-kernel)))

all: module lib tools bpf

help:
	@echo 'Build (into build/):'
	@echo '  all             module, lib, tools and bpf (this is the default)'
	@echo '  module          kcsd.ko for KDIR, by default the running kernel'
	@echo '  lib             libkcsd, shared and static'
	@echo '  tools           kcsd, the command; kcsd_sqlite.so, an extension of SQLite'
	@echo '  postgres        kcsd_fdw.so, a foreign data wrapper of PostgreSQL; install-postgres installs it'
	@echo '  bpf             the programs that run on a drive'
	@echo '  V=1             with any of these: show the commands'
	@echo 'Try and test (these install what they need, as root):'
	@echo '  demo            count a word on a drive and on the host [FILE=path] [WORD=word]'
	@echo '  check           build all, run every test; the last line says how many passed'
	@echo '                  [KERNEL=stock|debug|all] debug: 7.2 with every detector'
	@echo '  vm              a shell in the test VM'
	@echo '  bench           measure all of the following; figures in build/bench/index.html'
	@echo '                  [BENCH="iops files engine timing replay curves kv"]'
	@echo '  bench-iops      IOPS beside null_blk and brd; JSON in build/bench.json'
	@echo '  bench-files     programs on files: to LBAs given directly, to the host'
	@echo '  bench-query     kcsd select on a table of TPC-H: to mawk and sqlite3 [SCALE=0.1]'
	@echo '  bench-engine    the engines beside native code [WHERE=user|vm]; build/bench-engine.json'
	@echo '  bench-kv        objects: to LBAs, to RocksDB; memory, power on [KV_DIVISOR=1] [KV_PARTS="..."]'
	@echo '  bench-replay    speed of kcsd replay, cost of the model of device time; no VM'
	@echo '  bench-curves    what modelled drives would do: latency, offload, collection; no VM'
	@echo '  bench-mount     kcsd mount beside an example of libfuse [PASSTHROUGH_HP=path]'
	@echo '  bench-plot      only draw again what was measured'
	@echo '  crash           kill the VM under load, look whether all promises were kept [KILLS=20 CUTS=100]'
	@echo '  fuzz            fuzz the engine and the object loader [FUZZ_TIME=seconds each]'
	@echo '  fuzz-cmd        fuzz drives with commands, in the test VM [FUZZ_TIME=seconds] [KERNEL=]'
	@echo '                  [FUZZ_SEED=number]'
	@echo '  torture-files   runs on files that are written and moved, in the test VM: none may see a state that'
	@echo '                  the file never had [TORTURE_RUNS=2000 on each file system] [KERNEL=]'
	@echo '                  [TORTURE_FS="xfs,zoned f2fs"]'
	@echo '  static          compiler warnings, sparse, shell and manual page checks'
	@echo '  deps            only install what building needs'
	@echo 'Install:'
	@echo '  install         library, command, programs, headers, manual pages, udev rules,'
	@echo '                  units of systemd [PREFIX DESTDIR]'
	@echo '  modules_install the module, for KDIR'
	@echo '  uninstall       remove what install put there'
	@echo '  clean           remove build/'

# Sources are linked into a directory for each kernel release, so that what
# kbuild makes is neither scattered over the tree nor mixed between kernels.
# $(call build-module,KDIR,directory,arguments of make)
define build-module
@mkdir -p $(2)
@find $(2) -xtype l -delete
@find Kbuild VERSION driver include -type f \
	\( -name '*.[ch]' -o -name '*.mk' -o -name Kbuild -o -name VERSION \) | \
while read -r file; do \
	[ $(2)/$$file -ef $$file ] && continue; \
	mkdir -p $(2)/$$(dirname $$file) && ln -sf $(top)/$$file $(2)/$$file || exit 1; \
done
+@$(MAKE) -C $(1) M=$(2) $(3) modules
endef

release-of = $(shell cat $(1)/include/config/kernel.release 2>/dev/null)
module-dir = $(OUTPUT)/module/$(call release-of,$(KDIR))
vm-kdir = $(shell tools/deps kernel $(VM_KERNEL))/build
vm-module-dir = $(OUTPUT)/module/$(call release-of,$(vm-kdir))
VM_KERNEL ?= stock

module:
	@[ -n "$(KDIR)" ] && [ -n "$(call release-of,$(KDIR))" ] || { \
		echo "No kernel headers in '$(KDIR)': install linux-headers-$$(uname -r)," \
			"set KDIR=, or run 'make deps'." >&2; exit 1; }
	$(call build-module,$(KDIR),$(module-dir))
	@ln -sf $(module-dir)/kcsd.ko $(OUTPUT)/kcsd.ko

# When both are for one kernel, they are one directory: not at the same time, then.
vm-module: | $(filter module all,$(MAKECMDGOALS))
	$(call build-module,$(vm-kdir),$(vm-module-dir))

# Run sparse on all sources; do not compile again what W=1 and -Werror compiled.
static-module:
	$(call build-module,$(vm-kdir),$(vm-module-dir),W=1 C=2 CF="-Wsparse-error" KCFLAGS=-Werror)

lib bpf:
	+@$(sub) -C $@

tools: lib
	+@$(sub) -C tools/kcsd
	+@$(sub) -C tools/sqlite

# It needs postgresql-server-dev, which nothing else does.
postgres: lib
	+@$(sub) -C tools/postgres

install-postgres: postgres
	+@$(sub) -C tools/postgres install

selftests: lib
	@$(MAKE) -C selftests OUTPUT=$(OUTPUT)/selftests all

deps:
	@tools/deps build

# A second make: only after the first step is there a kernel to build for.
demo:
	@tools/deps vm
	@$(MAKE) vm-module lib tools bpf $(OUTPUT)/demo-count
	@tools/demo/run

$(OUTPUT)/demo-%: tools/demo/%.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -pthread $< -o $@

vm:
	@tools/deps vm
	@$(MAKE) vm-module lib tools bpf
	@tools/vm/run --timeout 86400 --shell

# Go on with the others if one fails; draw what was measured.
BENCH ?= iops files engine timing replay curves kv $(if $(PASSTHROUGH_HP),mount)
bench:
	@tools/deps check
	@$(RM) -r build/bench
	+@failed=; for part in $(BENCH); do $(MAKE) bench-$$part || failed="$$failed bench-$$part"; done; \
		tools/bench/plot && if [ "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

bench-plot:
	@tools/bench/plot

bench-iops:
	@tools/deps check
	@$(MAKE) vm-module $(OUTPUT)/bench-latency \
		$(OUTPUT)/bench-append
	@tools/bench/run $(OUTPUT)/bench.json

bench-replay: tools
	@tools/bench/replay

bench-curves: tools bpf
	@tools/bench/curves

bench-mount: tools bpf
	@tools/bench/mount $(PASSTHROUGH_HP)

bench-files:
	@tools/deps check
	@$(MAKE) vm-module tools bpf $(OUTPUT)/demo-count
	@mkdir -p build/bench && tools/vm/run --mem 8G --timeout 3600 --writable-share build/bench -- tools/bench/files

bench-query:
	@tools/deps query
	@$(MAKE) vm-module tools $(OUTPUT)/bench-lineitem
	@mkdir -p build/bench && tools/vm/run --mem 6G --timeout 3600 --writable-share build/bench -- tools/bench/query $(SCALE) $(ROUNDS)

# DIVISOR and parts of tools/bench/kv.
KV_DIVISOR ?= 1
KV_PARTS ?=
bench-kv:
	@tools/deps rocksdb
	@$(MAKE) vm-module tools bpf $(OUTPUT)/bench-kv-side $(OUTPUT)/bench-kv-rocksdb
	@mkdir -p build/bench && tools/vm/run --mem 10G --timeout 14400 --writable-share build/bench -- \
		tools/bench/kv $(KV_DIVISOR) $(KV_PARTS)

$(OUTPUT)/bench-kv-%: tools/bench/kv_%.c tools/bench/kv_common.h
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -Iinclude/uapi $< \
		$(if $(filter rocksdb,$*),-lrocksdb,-luring) -lpthread -o $@

bench-timing:
	@tools/deps check
	@$(MAKE) vm-module tools
	@if [ "$(WHERE)" = host ]; then tools/bench/timing; else \
		mkdir -p build/bench && \
		tools/vm/run --timeout 1800 --writable-share build/bench -- tools/bench/timing; fi

$(OUTPUT)/bench-%: tools/bench/%.c $(wildcard include/uapi/linux/*.h)
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -Iinclude/uapi $< -luring -o $@

bench-engine:
	@tools/deps check
	@$(MAKE) vm-module lib
	+@$(sub) -C tools/bench/engine all
	+@$(sub) -C tools/bench/engine KDIR=$$(tools/deps kernel)/build module
	@tools/bench/engine/run $(OUTPUT)

check:
	@tools/deps check
	@tools/check/run $(OUTPUT)/check $(kernels)

crash:
	@tools/deps check
	@$(MAKE) vm-module tools crash-tools
	@tools/crash/run $(KILLS) $(CUTS)

crash-tools:
	+@$(sub) -C tools/crash

# Longer than "make check" does; what it finds is kept in build/fuzz.
fuzz:
	@tools/deps check
	@tools/check/fuzz $(FUZZ_TIME)

fuzz-cmd:
	@tools/deps $(if $(filter debug,$(kernels)),debug,check)
	@tools/check/fuzz_cmd $(FUZZ_TIME) $(lastword $(kernels)) $(FUZZ_SEED)

torture-files:
	@tools/deps $(if $(filter debug,$(kernels)),debug,check)
	@tools/check/torture_files $(TORTURE_RUNS) $(lastword $(kernels)) "$(TORTURE_FS)"

static:
	@tools/deps check
	@tools/check/static

headers := $(wildcard include/uapi/linux/*.h)
udev-rules := tools/udev/60-kcsd.rules
units := tools/systemd/kcsd-serve.socket $(OUTPUT)/systemd/kcsd-serve.service
pages := $(patsubst Documentation/%,$(OUTPUT)/%,$(wildcard Documentation/man/*.[1-9]))

$(OUTPUT)/man/%: Documentation/man/% VERSION
	@mkdir -p $(@D)
	@sed "s/@VERSION@/$$(cat VERSION)/" $< >$@

$(OUTPUT)/systemd/%: tools/systemd/%.in FORCE
	@mkdir -p $(@D)
	@sed "s|@PREFIX@|$(PREFIX)|" $< >$@

install: lib tools bpf $(pages) $(units)
	+@for part in $(parts); do $(sub) -C $$part install || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/include/linux
	install -m 644 $(headers) $(DESTDIR)$(PREFIX)/include/linux
	@for page in $(pages); do \
		install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man$${page##*.} $$page || exit 1; \
	done
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/udev/rules.d $(udev-rules)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system $(units)

uninstall:
	+@for part in $(parts); do $(sub) -C $$part uninstall || exit 1; done
	$(RM) $(headers:include/uapi/%=$(DESTDIR)$(PREFIX)/include/%)
	@for page in $(notdir $(pages)); do \
		$(RM) $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page; \
	done
	$(RM) $(DESTDIR)$(PREFIX)/lib/udev/rules.d/$(notdir $(udev-rules)) \
		$(addprefix $(DESTDIR)$(PREFIX)/lib/systemd/system/,$(notdir $(units)))

FORCE:

modules_install: module
	$(MAKE) -C $(KDIR) M=$(module-dir) INSTALL_MOD_PATH=$(DESTDIR) modules_install

clean:
	$(RM) -r $(OUTPUT)

# As typed, "$" included: the demo reads these from its environment, and no
# other make reads them at all.
ifneq ($(filter demo,$(MAKECMDGOALS)),)
MAKEOVERRIDES = $(if $(V),V=$(V))
endif
ifneq ($(origin FILE),undefined)
export KCSD_DEMO_FILE := $(value FILE)
endif
ifneq ($(origin WORD),undefined)
export KCSD_DEMO_WORD := $(value WORD)
endif
unexport FILE WORD

.PHONY: all help module vm-module static-module lib tools postgres install-postgres bpf selftests deps demo vm bench \
	bench-iops bench-replay bench-curves bench-mount bench-plot \
	bench-engine bench-files bench-query bench-kv check crash crash-tools fuzz fuzz-cmd torture-files static install \
	uninstall modules_install clean FORCE
.DELETE_ON_ERROR:

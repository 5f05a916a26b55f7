// SPDX-License-Identifier: GPL-2.0
/* Find the drive of a command, and programs on it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "parse.h"

struct found {
	int nr;
	char first[KCSD_DRIVE_NAME_LEN];
	char names[256];	/* all, for the message */
};

static int note_drive(const char *name, void *arg)
{
	struct found *found = arg;
	size_t len = strlen(found->names);

	if (!found->nr++)
		snprintf(found->first, sizeof(found->first), "%s", name);
	snprintf(found->names + len, sizeof(found->names) - len, "%s%s", len ? ", " : "", name);
	return 0;
}

static int ignore_drive(const char *name, void *arg)
{
	(void)name;
	(void)arg;
	return 0;
}

int kcsd_fail_no_drive(const char *wanted)
{
	if (kcsd_drive_each(ignore_drive, NULL) == -ENOENT)
		return kcsd_fail("there is no drive '%s': the kcsd module is not loaded; 'insmod "
				 "kcsd.ko' loads it", wanted);
	return kcsd_fail("there is no drive '%s'; 'kcsd list' shows all drives", wanted);
}

static int note_off(const struct kcsd_config_info *info, void *arg)
{
	struct found *found = arg;

	return info->powered ? 0 : note_drive(info->name, found);
}

static int fail_off(void)
{
	struct found off = {};

	if (kcsd_config_each(note_off, &off) || !off.nr)
		return kcsd_fail("no drive is powered on; 'kcsd create NAME' creates one");
	return kcsd_fail("no drive is powered on, but %s can be: "
			 "'kcsd power %s on' powers it on", off.names,
			 off.nr == 1 ? off.names : "NAME");
}

static int pick_only(char name[KCSD_DRIVE_NAME_LEN])
{
	struct found found = {};
	int ret = kcsd_drive_each(note_drive, &found);

	if (ret == -ENOENT)
		return kcsd_fail("no drive: the kcsd module is not loaded; 'insmod kcsd.ko' "
				 "loads it and creates one");
	if (ret)
		return kcsd_fail_ret(ret, "cannot list the drives");
	if (!found.nr)
		return fail_off();
	if (found.nr > 1)
		return kcsd_fail("there are several drives (%s); choose one with --drive",
				 found.names);
	snprintf(name, KCSD_DRIVE_NAME_LEN, "%s", found.first);
	return 0;
}

static bool is_node_name(const char *name)
{
	if (strncmp(name, "kcsd", 4))
		return false;
	return name[4] && strspn(name + 4, "0123456789") == strlen(name + 4);
}

int kcsd_pick_name(const char *wanted, char name[KCSD_DRIVE_NAME_LEN])
{
	struct kcsd_config_info info;
	int ret;

	if (!wanted)
		return pick_only(name);
	if (!strncmp(wanted, "/dev/", 5))
		wanted += 5;
	if (is_node_name(wanted)) {
		if (strlen(wanted) >= KCSD_DRIVE_NAME_LEN)
			return kcsd_fail_no_drive(wanted);
		snprintf(name, KCSD_DRIVE_NAME_LEN, "%s", wanted);
		return 0;
	}
	ret = kcsd_config_get(wanted, &info, sizeof(info));
	if (ret == -ENOENT || ret == -EINVAL)
		return kcsd_fail_no_drive(wanted);
	if (ret)
		return kcsd_fail_config(ret, "%s", wanted);
	if (!info.powered)
		return kcsd_fail("drive '%s' is powered off: 'kcsd power %s on' powers it on",
				 wanted, wanted);
	snprintf(name, KCSD_DRIVE_NAME_LEN, "kcsd%u", info.index);
	return 0;
}

/* A search for a configfs directory: the drive with this node name, or any. */
struct wanted {
	const char *node;	/* "kcsd0"; NULL: any */
	char name[KCSD_CONFIG_NAME_LEN];
	char names[256];	/* all, for the message */
	int nr;
};

static int note_config(const struct kcsd_config_info *info, void *arg)
{
	char node[KCSD_DRIVE_NAME_LEN];
	struct wanted *w = arg;
	size_t len = strlen(w->names);

	snprintf(node, sizeof(node), "kcsd%u", info->index);
	if (w->node && strcmp(w->node, node))
		return 0;
	snprintf(w->name, sizeof(w->name), "%s", info->name);
	snprintf(w->names + len, sizeof(w->names) - len, "%s%s", len ? ", " : "", info->name);
	w->nr++;
	return 0;
}

/* Find the directories that a name may mean: of the directory, or of the node. 0 or -errno. */
static int find_configs(struct wanted *w, const char *wanted)
{
	struct kcsd_config_info info;
	int ret;

	if (wanted && !strncmp(wanted, "/dev/", 5))
		wanted += 5;
	w->node = wanted;
	if (wanted && !kcsd_config_get(wanted, &info, sizeof(info))) {
		snprintf(w->name, sizeof(w->name), "%s", wanted);
		w->nr = 1;
		return 0;
	}
	ret = kcsd_config_each(note_config, w);
	return ret == -ENOENT ? 0 : ret;
}

int kcsd_find_config(const char *wanted, char name[KCSD_CONFIG_NAME_LEN])
{
	struct wanted w = {};
	int ret = find_configs(&w, wanted);

	snprintf(name, KCSD_CONFIG_NAME_LEN, "%s", w.name);
	return ret ? ret : w.nr;
}

int kcsd_pick_config(const char *wanted, char name[KCSD_CONFIG_NAME_LEN])
{
	struct wanted w = {};
	int ret = find_configs(&w, wanted);

	if (ret)
		return kcsd_fail_config(ret, "cannot list the drives");
	if (wanted && !w.nr)
		return kcsd_fail_no_drive(wanted);
	if (!w.nr)
		return kcsd_fail("no drive: 'kcsd create NAME' creates one, if the kcsd module is "
				 "loaded ('insmod kcsd.ko')");
	if (w.nr > 1)
		return kcsd_fail("there are several drives (%s); choose one with --drive",
				 w.names);
	snprintf(name, KCSD_CONFIG_NAME_LEN, "%s", w.name);
	return 0;
}

bool kcsd_may_change(struct kcsd_drive *drv)
{
	int flags = fcntl(kcsd_drive_fd(drv, 0), F_GETFL);

	return flags < 0 || (flags & O_ACCMODE) != O_RDONLY;
}

/* Open the drive; its controller for reading only if this user must not write to it. */
static int open_drive(const char *wanted, unsigned int flags, struct kcsd_drive **drv)
{
	char name[KCSD_DRIVE_NAME_LEN];
	int ret = kcsd_pick_name(wanted, name);

	if (ret)
		return ret;
	ret = kcsd_drive_open(name, flags, drv);
	if (ret == -ENOENT)
		return kcsd_fail_no_drive(name);
	if (ret)
		return kcsd_fail_ret(ret, "/dev/%s", name);
	return 0;
}

int kcsd_pick_drive(const char *wanted, unsigned int flags, struct kcsd_drive **drv)
{
	int code = open_drive(wanted, flags, drv);

	if (code || flags & KCSD_OPEN_RDONLY || kcsd_may_change(*drv))
		return code;
	code = kcsd_fail_ret(-EACCES, "/dev/%s", kcsd_drive_name(*drv));
	kcsd_drive_close(*drv);
	return code;
}

int kcsd_pick_namespace(const char *wanted, unsigned int flags, uint32_t nsid,
			struct kcsd_drive **drv)
{
	int code = open_drive(wanted, flags, drv), ret;

	if (code)
		return code;
	ret = kcsd_drive_fd(*drv, nsid);
	/* Without the node there is no such namespace, which Identify tells. */
	if (ret >= 0 || ret == -ENODEV)
		return 0;
	code = kcsd_fail_ret(ret, "/dev/kcsdg%sn%u", kcsd_drive_name(*drv) + strlen("kcsd"), nsid);
	kcsd_drive_close(*drv);
	return code;
}

int kcsd_pick_index(const struct args *args, const char *text, uint32_t *pind)
{
	uint64_t value;
	const char *wrong = kcsd_parse_number(text, &value);

	if (wrong)
		return kcsd_usage(args->cmd, "program index '%s' %s: 'kcsd programs' shows the "
				  "index of '%s'", text, wrong, text);
	if (value > 0xffff)
		return kcsd_usage(args->cmd, "program index '%s' is more than 65535", text);
	*pind = value;
	return 0;
}

int kcsd_fail_program(struct kcsd_drive *drv, int ret, const char *what, uint32_t pind)
{
	struct kcsd_compute_info info;

	if ((ret & KCSD_SC_MASK) != KCSD_SC_INVALID_PROGRAM_INDEX || ret < 0 ||
	    kcsd_compute_identify(drv, &info, sizeof(info)))
		return kcsd_fail_ret(ret, "cannot %s program %u", what, pind);
	return kcsd_fail("cannot %s program %u: %s: %s has 0 to %u", what, pind,
			 kcsd_error_text(ret),
			 kcsd_drive_name(drv), info.maxprog + info.nr_device - 1);
}

int kcsd_pick_each_index(const struct args *args, const char *drive,
			 int (*change)(struct kcsd_drive *drv, uint32_t pind))
{
	struct kcsd_drive *drv;
	uint32_t pind;
	int i, ret, code;

	/* Parse all indices before the first program is changed. */
	for (i = 0; i < args->nr_operands; i++) {
		code = kcsd_pick_index(args, args->operand[i], &pind);
		if (code)
			return code;
	}
	code = kcsd_pick_drive(drive, 0, &drv);
	if (code)
		return code;
	for (i = 0; i < args->nr_operands; i++) {
		kcsd_pick_index(args, args->operand[i], &pind);
		ret = change(drv, pind);
		if (ret)
			code = kcsd_fail_program(drv, ret, args->cmd->name, pind);
	}
	kcsd_drive_close(drv);
	return code;
}

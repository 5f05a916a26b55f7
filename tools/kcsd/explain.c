// SPDX-License-Identifier: GPL-2.0
/* kcsd load --explain */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

struct explanation {
	const struct kcsd_object *obj;
	json_object *json;		/* array of accesses, or NULL */
	struct kcsd_where last;		/* the source line shown last */
	uint32_t accesses;
	uint32_t unchecked;
};

static bool find(const struct explanation *e, uint32_t pc, struct kcsd_where *where)
{
	return !kcsd_object_where(e->obj, pc, where, sizeof(*where)) && where->file;
}

static void print_access(struct explanation *e, const struct kcsd_access *access)
{
	struct kcsd_where where;

	if (find(e, access->pc, &where) && (!e->last.file || where.line != e->last.line ||
					    strcmp(where.file, e->last.file))) {
		printf("; %s:%u: %s\n", where.file, where.line, where.source ?
		       where.source + strspn(where.source, " \t") : "");
		e->last = where;
	}
	printf("%6u:  %-32s %s: %s\n", access->pc, access->text,
	       access->checked ? "checked" : "no check", access->why);
}

static void add_access(struct explanation *e, const struct kcsd_access *access)
{
	json_object *json = json_object_new_object();
	struct kcsd_where where;

	json_object_object_add(json, "pc", json_object_new_uint64(access->pc));
	json_object_object_add(json, "text", json_object_new_string(access->text));
	json_object_object_add(json, "checked", json_object_new_boolean(access->checked));
	json_object_object_add(json, "why", json_object_new_string(access->why));
	if (find(e, access->pc, &where)) {
		json_object_object_add(json, "file", json_object_new_string(where.file));
		json_object_object_add(json, "line", json_object_new_uint64(where.line));
	}
	json_object_array_add(e->json, json);
}

static int tell(const struct kcsd_access *access, void *arg)
{
	struct explanation *e = arg;

	e->accesses++;
	e->unchecked += !access->checked;
	if (e->json)
		add_access(e, access);
	else
		print_access(e, access);
	return 0;
}

static void print_json(const struct explanation *e)
{
	json_object *json = json_object_new_object();

	json_object_object_add(json, "program",
			       json_object_new_string(kcsd_object_name(e->obj)));
	json_object_object_add(json, "total", json_object_new_uint64(e->accesses));
	json_object_object_add(json, "unchecked", json_object_new_uint64(e->unchecked));
	json_object_object_add(json, "accesses", e->json);
	kcsd_json_print(json);
}

int kcsd_explain(const struct kcsd_object *obj, bool json)
{
	struct explanation e = { .obj = obj };
	int ret;

	if (json)
		e.json = json_object_new_array();
	ret = kcsd_object_explain(obj, tell, &e);
	if (ret) {
		json_object_put(e.json);
		return kcsd_fail_ret(ret, "cannot analyse %s", kcsd_object_name(obj));
	}
	if (json)
		print_json(&e);
	else
		printf("%u of %u accesses need no check\n", e.unchecked, e.accesses);
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Expressions of the planner for libkcsd, whose rules are those of PostgreSQL in collation C. What
 * depends on another collation, and all that is not known here, is not pushed down.
 */
#include "fdw.h"

#include "access/transam.h"
#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/pg_locale.h"

#define MAX_ARGS	3

struct build {
	struct kcsd_query *query;
	Index relid;
	TupleDesc desc;
	Node *case_arg;			/* what CaseTestExpr stands for */
};

static struct kcsd_expr *build(struct build *b, Node *node);

/* Functions and operators that PostgreSQL itself has. */
static bool is_builtin(Oid oid)
{
	return oid < FirstGenbkiObjectId;
}

static bool is_known_type(Oid type)
{
	return fdw_type(type, -1).type != KCSD_TYPE_UNKNOWN;
}

static struct kcsd_expr *call(struct build *b, enum kcsd_expr_op op, struct kcsd_expr **args,
			      uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (!args[i])
			return NULL;
	return kcsd_expr_call(b->query, op, args, nr, -1);
}

static struct kcsd_expr *negate(struct build *b, struct kcsd_expr *expr)
{
	return call(b, KCSD_EXPR_NOT, &expr, 1);
}

static struct kcsd_expr *call_list(struct build *b, enum kcsd_expr_op op, List *list)
{
	uint32_t nr = list_length(list), i = 0;
	struct kcsd_expr **args = palloc0((nr + 1) * sizeof(*args));
	ListCell *cell;

	foreach(cell, list)
		args[i++] = build(b, lfirst(cell));
	return call(b, op, args, nr);
}

static struct kcsd_expr *cast(struct build *b, Node *arg, Oid type, int32 typmod)
{
	struct kcsd_sql_type t = fdw_type(type, typmod);
	struct kcsd_expr *expr = build(b, arg);

	return expr && t.type != KCSD_TYPE_UNKNOWN ? kcsd_expr_cast(b->query, expr, t, -1) : NULL;
}

/* ---- leaves ---- */

static struct kcsd_expr *column(struct build *b, const Var *var)
{
	Form_pg_attribute attr;

	if (var->varno != b->relid || var->varlevelsup || var->varattno <= 0)
		return NULL;
	attr = TupleDescAttr(b->desc, var->varattno - 1);
	return kcsd_expr_column(b->query, NameStr(attr->attname), -1);
}

/* Print a value so that it does not depend on settings of the session. */
static char *print_value(Oid type, Datum value)
{
	int level = NewGUCNestLevel();
	bool is_varlena;
	Oid output;
	char *text;

	set_config_option("datestyle", "ISO", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
			  false);
	set_config_option("intervalstyle", "postgres", PGC_USERSET, PGC_S_SESSION,
			  GUC_ACTION_SAVE, true, 0, false);
	set_config_option("extra_float_digits", "3", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
			  true, 0, false);
	getTypeOutputInfo(type, &output, &is_varlena);
	text = OidOutputFunctionCall(output, value);
	AtEOXact_GUC(true, level);
	return text;
}

static struct kcsd_expr *constant(struct build *b, const Const *c)
{
	struct kcsd_sql_type type = fdw_type(c->consttype, -1);
	struct kcsd_expr *expr;
	char *text;

	if (type.type == KCSD_TYPE_UNKNOWN)
		return NULL;
	if (c->constisnull) {
		expr = kcsd_expr_null(b->query, -1);
	} else {
		text = print_value(c->consttype, c->constvalue);
		expr = kcsd_expr_string(b->query, text, strlen(text), -1);
	}
	return expr ? kcsd_expr_cast(b->query, expr, type, -1) : NULL;
}

/* ---- operators ---- */

enum need { NOTHING, DETERMINISTIC, ORDER, CASE };

static const struct operator {
	const char *name;
	enum kcsd_expr_op op;
	bool negate;
	enum need need;			/* of the collation, for texts */
} operators[] = {
	{ "+", KCSD_EXPR_ADD, false, NOTHING }, { "-", KCSD_EXPR_SUB, false, NOTHING },
	{ "*", KCSD_EXPR_MUL, false, NOTHING }, { "/", KCSD_EXPR_DIV, false, NOTHING },
	{ "%", KCSD_EXPR_MOD, false, NOTHING }, { "||", KCSD_EXPR_CONCAT, false, NOTHING },
	{ "=", KCSD_EXPR_EQ, false, DETERMINISTIC }, { "<>", KCSD_EXPR_NE, false, DETERMINISTIC },
	{ "<", KCSD_EXPR_LT, false, ORDER }, { "<=", KCSD_EXPR_LE, false, ORDER },
	{ ">", KCSD_EXPR_GT, false, ORDER }, { ">=", KCSD_EXPR_GE, false, ORDER },
	{ "~~", KCSD_EXPR_LIKE, false, DETERMINISTIC },
	{ "!~~", KCSD_EXPR_LIKE, true, DETERMINISTIC },
	{ "~~*", KCSD_EXPR_ILIKE, false, CASE }, { "!~~*", KCSD_EXPR_ILIKE, true, CASE },
};

static bool has_collation(Oid collation, enum need need)
{
	if (need == NOTHING || !OidIsValid(collation))
		return true;
	if (need == ORDER)
		return lc_collate_is_c(collation);
	if (need == CASE)
		return lc_ctype_is_c(collation);
	return get_collation_isdeterministic(collation);
}

static const struct operator *find_operator(Oid opno, Oid collation)
{
	char *name = is_builtin(opno) ? get_opname(opno) : NULL;
	size_t i;

	for (i = 0; name && i < lengthof(operators); i++)
		if (!strcmp(operators[i].name, name))
			return has_collation(collation, operators[i].need) ? &operators[i] : NULL;
	return NULL;
}

static bool are_known(List *args)
{
	ListCell *cell;

	foreach(cell, args)
		if (!is_known_type(exprType(lfirst(cell))))
			return false;
	return true;
}

static struct kcsd_expr *operation(struct build *b, const OpExpr *o)
{
	const struct operator *op = find_operator(o->opno, o->inputcollid);
	struct kcsd_expr *expr;

	if (!op || !are_known(o->args) || !is_known_type(o->opresulttype))
		return NULL;
	if (list_length(o->args) == 1)
		return op->op == KCSD_EXPR_SUB ? call_list(b, KCSD_EXPR_NEG, o->args) : NULL;
	expr = call_list(b, op->op, o->args);
	return expr && op->negate ? negate(b, expr) : expr;
}

/* IS DISTINCT FROM and NULLIF have the operator =. */
static struct kcsd_expr *equality(struct build *b, const OpExpr *o, enum kcsd_expr_op as)
{
	const struct operator *op = find_operator(o->opno, o->inputcollid);

	if (!op || op->op != KCSD_EXPR_EQ || !are_known(o->args))
		return NULL;
	return call_list(b, as, o->args);
}

/* The elements of a constant array, as constants. */
static List *array_elements(const Const *array)
{
	ArrayType *a = DatumGetArrayTypeP(array->constvalue);
	Oid type = ARR_ELEMTYPE(a);
	List *list = NIL;
	Datum *values;
	bool *nulls, by_value;
	int16 len;
	char align;
	int i, nr;

	get_typlenbyvalalign(type, &len, &by_value, &align);
	deconstruct_array(a, type, len, by_value, align, &values, &nulls, &nr);
	for (i = 0; i < nr; i++)
		list = lappend(list, makeConst(type, -1, array->constcollid, len, values[i],
					       nulls[i], by_value));
	return list;
}

/* a = ANY (array), a <> ALL (array): IN and NOT IN. */
static struct kcsd_expr *in(struct build *b, const ScalarArrayOpExpr *o)
{
	const struct operator *op = find_operator(o->opno, o->inputcollid);
	Node *array = lsecond(o->args);
	List *elements = NIL;
	struct kcsd_expr *expr;

	if (!op || op->op != (o->useOr ? KCSD_EXPR_EQ : KCSD_EXPR_NE) ||
	    !is_known_type(exprType(linitial(o->args))))
		return NULL;
	if (IsA(array, Const) && !((Const *)array)->constisnull)
		elements = array_elements((Const *)array);
	else if (IsA(array, ArrayExpr) && !((ArrayExpr *)array)->multidims)
		elements = ((ArrayExpr *)array)->elements;
	if (!elements)
		return NULL;
	expr = call_list(b, KCSD_EXPR_IN, lcons(linitial(o->args), elements));
	return expr && !o->useOr ? negate(b, expr) : expr;
}

static struct kcsd_expr *junction(struct build *b, const BoolExpr *o)
{
	return call_list(b, o->boolop == AND_EXPR ? KCSD_EXPR_AND : o->boolop == OR_EXPR ?
			 KCSD_EXPR_OR : KCSD_EXPR_NOT, o->args);
}

static struct kcsd_expr *null_test(struct build *b, const NullTest *t)
{
	struct kcsd_expr *arg = t->argisrow ? NULL : build(b, (Node *)t->arg);
	struct kcsd_expr *expr = call(b, KCSD_EXPR_IS_NULL, &arg, 1);

	return expr && t->nulltesttype == IS_NOT_NULL ? negate(b, expr) : expr;
}

static struct kcsd_expr *boolean_test(struct build *b, const BooleanTest *t)
{
	struct kcsd_expr *arg = build(b, (Node *)t->arg), *expr;
	bool no = t->booltesttype == IS_NOT_TRUE || t->booltesttype == IS_NOT_FALSE ||
		  t->booltesttype == IS_NOT_UNKNOWN;

	expr = call(b, t->booltesttype == IS_TRUE || t->booltesttype == IS_NOT_TRUE ?
		    KCSD_EXPR_IS_TRUE : t->booltesttype == IS_FALSE ||
		    t->booltesttype == IS_NOT_FALSE ? KCSD_EXPR_IS_FALSE : KCSD_EXPR_IS_NULL, &arg,
		    1);
	return expr && no ? negate(b, expr) : expr;
}

static struct kcsd_expr *case_expr(struct build *b, const CaseExpr *c)
{
	uint32_t nr = 2 * list_length(c->args) + 1, i = 0;
	struct kcsd_expr **args = palloc0(nr * sizeof(*args));
	Node *before = b->case_arg;
	ListCell *cell;

	foreach(cell, c->args) {
		CaseWhen *when = lfirst_node(CaseWhen, cell);

		b->case_arg = (Node *)c->arg;
		args[i++] = build(b, (Node *)when->expr);
		b->case_arg = before;
		args[i++] = build(b, (Node *)when->result);
	}
	if (c->defresult)
		args[i++] = build(b, (Node *)c->defresult);
	return call(b, KCSD_EXPR_CASE, args, i);
}

static struct kcsd_expr *case_test(struct build *b)
{
	Node *arg = b->case_arg;
	struct kcsd_expr *expr;

	if (!arg)
		return NULL;
	b->case_arg = NULL;
	expr = build(b, arg);
	b->case_arg = arg;
	return expr;
}

/* ---- functions ---- */

static const struct {
	const char *name;
	enum kcsd_expr_op op;
	bool needs_ctype;		/* of collation C */
} functions[] = {
	{ "lower", KCSD_EXPR_LOWER, true }, { "upper", KCSD_EXPR_UPPER, true },
	{ "length", KCSD_EXPR_LENGTH, false }, { "char_length", KCSD_EXPR_LENGTH, false },
	{ "character_length", KCSD_EXPR_LENGTH, false },
	{ "substr", KCSD_EXPR_SUBSTR, false }, { "substring", KCSD_EXPR_SUBSTR, false },
	{ "abs", KCSD_EXPR_ABS, false }, { "mod", KCSD_EXPR_MOD, false },
	{ "extract", KCSD_EXPR_EXTRACT, false }, { "date_trunc", KCSD_EXPR_DATE_TRUNC, false },
};

static struct kcsd_expr *function(struct build *b, const FuncExpr *f)
{
	char *name = is_builtin(f->funcid) ? get_func_name(f->funcid) : NULL;
	size_t i;

	if (!name || f->funcvariadic || f->funcretset || !are_known(f->args) ||
	    !is_known_type(f->funcresulttype))
		return NULL;
	if (f->funcformat != COERCE_EXPLICIT_CALL && f->funcformat != COERCE_SQL_SYNTAX)
		return cast(b, linitial(f->args), f->funcresulttype, exprTypmod((Node *)f));
	for (i = 0; i < lengthof(functions); i++) {
		if (strcmp(functions[i].name, name))
			continue;
		if (list_length(f->args) > MAX_ARGS ||
		    (functions[i].needs_ctype && !has_collation(f->inputcollid, CASE)))
			return NULL;
		return call_list(b, functions[i].op, f->args);
	}
	return NULL;
}

static enum kcsd_expr_op aggregate_op(const char *name)
{
	return !strcmp(name, "count") ? KCSD_EXPR_COUNT : !strcmp(name, "sum") ? KCSD_EXPR_SUM :
	       !strcmp(name, "min") ? KCSD_EXPR_MIN : !strcmp(name, "max") ? KCSD_EXPR_MAX :
	       !strcmp(name, "avg") ? KCSD_EXPR_AVG : __KCSD_EXPR_END;
}

static struct kcsd_expr *aggregate(struct build *b, const Aggref *a)
{
	char *name = is_builtin(a->aggfnoid) ? get_func_name(a->aggfnoid) : NULL;
	enum kcsd_expr_op op = name ? aggregate_op(name) : __KCSD_EXPR_END;
	struct kcsd_expr *arg;
	TargetEntry *entry;

	if (op == __KCSD_EXPR_END || a->aggorder || a->aggfilter || a->aggdirectargs ||
	    a->aggvariadic || a->aggsplit != AGGSPLIT_SIMPLE || a->agglevelsup)
		return NULL;
	if (a->aggstar)
		return kcsd_expr_call(b->query, KCSD_EXPR_COUNT_ROWS, NULL, 0, -1);
	entry = linitial(a->args);
	if (list_length(a->args) != 1 || !is_known_type(exprType((Node *)entry->expr)) ||
	    exprType((Node *)entry->expr) == INTERVALOID)
		return NULL;
	/* Sums of doubles depend on the order of rows; PostgreSQL's is its own. */
	if (exprType((Node *)entry->expr) == FLOAT8OID &&
	    (op == KCSD_EXPR_SUM || op == KCSD_EXPR_AVG))
		return NULL;
	if (!has_collation(a->inputcollid, op == KCSD_EXPR_MIN || op == KCSD_EXPR_MAX ? ORDER :
			   DETERMINISTIC))
		return NULL;
	arg = build(b, (Node *)entry->expr);
	return arg ? kcsd_expr_aggregate(b->query, op, arg, a->aggdistinct != NIL, -1) : NULL;
}

/* ---- all ---- */

static struct kcsd_expr *relabel(struct build *b, const RelabelType *r)
{
	bool texts = fdw_type(r->resulttype, r->resulttypmod).type == KCSD_TYPE_TEXT &&
		     fdw_type(exprType((Node *)r->arg), -1).type == KCSD_TYPE_TEXT;

	return texts ? build(b, (Node *)r->arg) : NULL;
}

static struct kcsd_expr *build(struct build *b, Node *node)
{
	switch (nodeTag(node)) {
	case T_Var:
		return column(b, (Var *)node);
	case T_Const:
		return constant(b, (Const *)node);
	case T_OpExpr:
		return operation(b, (OpExpr *)node);
	case T_DistinctExpr:
		return equality(b, (OpExpr *)node, KCSD_EXPR_DISTINCT);
	case T_NullIfExpr:
		return equality(b, (OpExpr *)node, KCSD_EXPR_NULLIF);
	case T_ScalarArrayOpExpr:
		return in(b, (ScalarArrayOpExpr *)node);
	case T_BoolExpr:
		return junction(b, (BoolExpr *)node);
	case T_NullTest:
		return null_test(b, (NullTest *)node);
	case T_BooleanTest:
		return boolean_test(b, (BooleanTest *)node);
	case T_CaseExpr:
		return case_expr(b, (CaseExpr *)node);
	case T_CaseTestExpr:
		return case_test(b);
	case T_CoalesceExpr:
		return call_list(b, KCSD_EXPR_COALESCE, ((CoalesceExpr *)node)->args);
	case T_FuncExpr:
		return function(b, (FuncExpr *)node);
	case T_Aggref:
		return aggregate(b, (Aggref *)node);
	case T_RelabelType:
		return relabel(b, (RelabelType *)node);
	case T_CoerceViaIO:
		return cast(b, (Node *)((CoerceViaIO *)node)->arg,
			    ((CoerceViaIO *)node)->resulttype, -1);
	default:
		return NULL;
	}
}

struct kcsd_expr *fdw_expr(struct kcsd_query *query, Index relid, TupleDesc desc, Node *node)
{
	struct build b = { .query = query, .relid = relid, .desc = desc };

	return build(&b, node);
}

bool fdw_is_shippable(Index relid, TupleDesc desc, Node *node)
{
	struct kcsd_sql_type type = fdw_type(exprType(node), -1);
	const struct kcsd_column *results;
	struct kcsd_column *columns;
	struct kcsd_query *query;
	struct kcsd_expr *expr;
	bool ok = false;
	uint32_t nr;

	if (type.type == KCSD_TYPE_UNKNOWN || kcsd_query_create(&query))
		return false;
	columns = fdw_columns(desc, &nr);
	expr = fdw_expr(query, relid, desc, node);
	if (expr && !kcsd_query_select(query, expr, NULL) &&
	    !kcsd_query_bind(query, columns, nr, NULL)) {
		results = kcsd_query_results(query, &nr);
		ok = nr == 1 && results[0].type.type == type.type;
	}
	kcsd_query_destroy(query);
	return ok;
}

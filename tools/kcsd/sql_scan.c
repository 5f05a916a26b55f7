// SPDX-License-Identifier: GPL-2.0
/* Words of a question: what the tree of the parser does not tell. */
#include <errno.h>
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "sql.h"

#define MAX_NAME	63	/* bytes; PostgreSQL cuts longer ones without a word */

struct sql_tokens {
	PgQuery__ScanResult *result;	/* owned */
};

/* Returns the bytes of a name, without quotes. */
static size_t name_length(const char *text, const PgQuery__ScanToken *token)
{
	const char *p = text + token->start, *end = text + token->end;
	size_t len = 0;

	if (*p != '"')
		return end - p;
	for (p++; p < end - 1; p++, len++)
		if (*p == '"')
			p++;
	return len;
}

static int refuse_long_names(struct sql *sql)
{
	const PgQuery__ScanResult *result = sql->tokens->result;
	size_t i;

	for (i = 0; i < result->n_tokens; i++) {
		const PgQuery__ScanToken *token = result->tokens[i];

		if ((token->token == PG_QUERY__TOKEN__IDENT ||
		     token->token == PG_QUERY__TOKEN__UIDENT) &&
		    name_length(sql->text, token) > MAX_NAME) {
			kcsd_sql_error(sql, token->start, "this name is longer than %d bytes",
				       MAX_NAME);
			return -EINVAL;
		}
	}
	return 0;
}

int kcsd_sql_scan(struct sql *sql)
{
	PgQueryScanResult scan = pg_query_scan(sql->text);
	int ret = 0;

	/* The parser reports errors better. */
	if (!scan.error) {
		sql->tokens = calloc(1, sizeof(*sql->tokens));
		if (sql->tokens)
			sql->tokens->result = pg_query__scan_result__unpack(
				NULL, scan.pbuf.len, (const uint8_t *)scan.pbuf.data);
		if (!sql->tokens || !sql->tokens->result)
			ret = -ENOMEM;
	}
	pg_query_free_scan_result(scan);
	return ret || !sql->tokens ? ret : refuse_long_names(sql);
}

void kcsd_sql_tokens_free(struct sql_tokens *tokens)
{
	if (tokens && tokens->result)
		pg_query__scan_result__free_unpacked(tokens->result, NULL);
	free(tokens);
}

static bool is_comment(const PgQuery__ScanToken *token)
{
	return token->token == PG_QUERY__TOKEN__SQL_COMMENT ||
	       token->token == PG_QUERY__TOKEN__C_COMMENT;
}

bool kcsd_sql_integer_at(const struct sql *sql, int at, char *buf, size_t len)
{
	const PgQuery__ScanResult *result = sql->tokens ? sql->tokens->result : NULL;
	bool minus = false;
	size_t i;

	for (i = 0; result && i < result->n_tokens; i++) {
		const PgQuery__ScanToken *token = result->tokens[i];
		size_t digits = token->end - token->start;

		if (token->start < at || is_comment(token))
			continue;
		if (token->token == PG_QUERY__TOKEN__ASCII_45) {
			minus = !minus;
			continue;
		}
		if (token->token != PG_QUERY__TOKEN__ICONST || digits + 2 > len)
			return false;
		buf[0] = '-';
		memcpy(buf + minus, sql->text + token->start, digits);
		buf[minus + digits] = '\0';
		return true;
	}
	return false;
}

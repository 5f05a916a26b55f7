// SPDX-License-Identifier: GPL-2.0
/*
 * Write the table lineitem of TPC-H, with the distributions of the benchmark (section 4.2.3 of its
 * specification), from a generator of random numbers of its own.
 *
 *	lineitem csv|json SCALE
 *
 * SCALE 1 has 1,500,000 orders, about 6,000,000 rows.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define FIRST_DAY	8035	/* 1992-01-01, days from 1970 */
#define CURRENT_DAY	9298	/* 1995-06-17 */
#define ORDER_DAYS	2406	/* to 1998-08-02 */

static uint64_t state = 20260101;

/* Returns a number in [from, to]. */
static uint32_t between(uint32_t from, uint32_t to)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return from + (state >> 33) % (to - from + 1);
}

#define PICK(words)	((words)[between(0, ARRAY_SIZE(words) - 1)])

static const char *const instructions[] = {
	"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN",
};
static const char *const modes[] = { "REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB" };
static const char *const words[] = {
	"furiously", "quickly", "carefully", "blithely", "final", "ironic", "special", "regular",
	"express", "pending", "requests", "deposits", "accounts", "packages", "foxes", "theodolites",
	"sleep", "haggle", "nag", "wake", "cajole", "boost", "above", "the", "among", "even",
};

struct row {
	uint32_t order, part, supplier, line, quantity, discount, tax;
	uint64_t price;			/* hundredths */
	char flag, status;
	char ship[11], commit[11], receipt[11];
	const char *instruction, *mode;
	char comment[64];
};

static void format_day(uint32_t day, char text[11])
{
	/* Years begin in March here, so that leap days are their last. */
	uint32_t z = day + 719468, era = z / 146097, of_era = z % 146097;
	uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint32_t month = (5 * of_year + 2) / 153, d = of_year - (153 * month + 2) / 5 + 1;

	month = month < 10 ? month + 3 : month - 9;
	snprintf(text, 11, "%04u-%02u-%02u", (era * 400 + year + (month <= 2)) % 10000,
		 month % 100, d % 100);
}

static void make_comment(char comment[64])
{
	size_t len = 0, most = between(10, 43);

	while (len < most)
		len += snprintf(comment + len, 64 - len, "%s%s", len ? " " : "", PICK(words));
	comment[most] = '\0';
}

static void make_row(struct row *r, uint32_t order, uint32_t line, uint32_t day, double scale)
{
	uint32_t ship = day + between(1, 121), receipt;

	r->order = order;
	r->line = line;
	r->part = between(1, (uint32_t)(200000 * scale));
	r->supplier = between(1, (uint32_t)(10000 * scale));
	r->quantity = between(1, 50);
	/* The price of a part in hundredths, from its number. */
	r->price = r->quantity * (90000ull + r->part / 10 % 20001 + 100 * (r->part % 1000));
	r->discount = between(0, 10);
	r->tax = between(0, 8);
	format_day(ship, r->ship);
	format_day(day + between(30, 90), r->commit);
	receipt = ship + between(1, 30);
	format_day(receipt, r->receipt);
	r->flag = receipt <= CURRENT_DAY ? "RA"[between(0, 1)] : 'N';
	r->status = ship > CURRENT_DAY ? 'O' : 'F';
	r->instruction = PICK(instructions);
	r->mode = PICK(modes);
	make_comment(r->comment);
}

static void print_csv(const struct row *r)
{
	printf("%u,%u,%u,%u,%u,%llu.%02llu,0.%02u,0.%02u,%c,%c,%s,%s,%s,%s,%s,%s\n", r->order,
	       r->part, r->supplier, r->line, r->quantity, (unsigned long long)r->price / 100,
	       (unsigned long long)r->price % 100, r->discount, r->tax, r->flag, r->status, r->ship,
	       r->commit, r->receipt, r->instruction, r->mode, r->comment);
}

static void print_json(const struct row *r)
{
	printf("{\"l_orderkey\":%u,\"l_partkey\":%u,\"l_suppkey\":%u,\"l_linenumber\":%u,"
	       "\"l_quantity\":%u,\"l_extendedprice\":%llu.%02llu,\"l_discount\":0.%02u,"
	       "\"l_tax\":0.%02u,\"l_returnflag\":\"%c\",\"l_linestatus\":\"%c\","
	       "\"l_shipdate\":\"%s\",\"l_commitdate\":\"%s\",\"l_receiptdate\":\"%s\","
	       "\"l_shipinstruct\":\"%s\",\"l_shipmode\":\"%s\",\"l_comment\":\"%s\"}\n", r->order,
	       r->part, r->supplier, r->line, r->quantity, (unsigned long long)r->price / 100,
	       (unsigned long long)r->price % 100, r->discount, r->tax, r->flag, r->status, r->ship,
	       r->commit, r->receipt, r->instruction, r->mode, r->comment);
}

int main(int argc, char **argv)
{
	double scale = argc == 3 ? atof(argv[2]) : 0;
	uint32_t order, line, lines, day, orders = (uint32_t)(1500000 * scale);
	void (*print)(const struct row *r);
	struct row row;

	if (scale < 0.001 || scale > 100 || (strcmp(argv[1], "csv") && strcmp(argv[1], "json"))) {
		fprintf(stderr, "Usage: lineitem csv|json SCALE\n");
		return 2;
	}
	print = strcmp(argv[1], "csv") ? print_json : print_csv;
	if (print == print_csv)
		puts("l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,"
		     "l_discount,l_tax,l_returnflag,l_linestatus,l_shipdate,l_commitdate,"
		     "l_receiptdate,l_shipinstruct,l_shipmode,l_comment");
	for (order = 1; order <= orders; order++) {
		day = FIRST_DAY + between(0, ORDER_DAYS - 1);
		lines = between(1, 7);
		for (line = 1; line <= lines; line++) {
			make_row(&row, order, line, day, scale);
			print(&row);
		}
	}
	return fflush(stdout) || ferror(stdout);
}

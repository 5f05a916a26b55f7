#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""Random questions to PostgreSQL, over foreign tables and over the same rows in a table of its own. Print TAP.

    check.py KCSD_FDW.SO SEED ROUNDS

parquet/rows.parquet has the rows of parquet/rows.csv, which make_rows() made, and which DuckDB 1.4 wrote; n is numeric(20,5) there.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = os.path.join(HERE, "../../../lib/tests/postgres.sh")
COLUMNS = [("id", "int"), ("i", "int"), ("j", "bigint"), ("m", "numeric(12,2)"), ("n", "numeric"), ("f", "float8"),
           ("s", "text"), ("v", "varchar"), ("d", "date"), ("t", "timestamp"), ("b", "bool")]
VALUES = {
    "i": ["0", "1", "-1", "5", "100", "2147483647"], "j": ["0", "7", "-7", "1099511627776"],
    "m": ["0.00", "1.50", "-2.25", "5.00", "9999999999.99"], "n": ["0.1", "5", "-7.25", "12345678901.5"],
    "f": ["0.1", "5", "-1e10", "2.5"], "s": ["a", "ab", "A", "5", "\u00e4", "", "a%", "it's"], "v": ["x", "yy", ""],
    "d": ["2024-01-01", "2024-02-29", "1999-12-31"], "t": ["2024-01-01 00:00:00", "2024-01-01 12:34:56.5", "1999-12-31 23:59:59"],
    "b": ["true", "false"],
}
NUMBERS = ["i", "j", "m", "n", "f", "id", "1", "5", "-2", "2.5", "0", "100"]
TEXTS = ["s", "v::text", "'a'", "'A'", "''", "'\u00e4'", "lower(s)", "substr(s, 1, 1)", "s || v", "NULL"]
TIMES = ["d", "t", "date '2024-01-01'", "timestamp '2024-01-01 12:00:00'", "d + 1", "t - interval '1 day'",
         "date_trunc('month', t)"]
COMPARISONS = ["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM"]


def number(rng, depth=2):
    if depth and rng.random() < 0.4:
        return rng.choice(["(%s + %s)", "(%s - %s)", "(%s * %s)", "(%s / %s)", "coalesce(%s, %s)", "nullif(%s, %s)"]) % (
            number(rng, depth - 1), number(rng, depth - 1))
    if depth and rng.random() < 0.2:
        return rng.choice(["abs(%s)", "(%s)::int", "(%s)::numeric(8,1)", "(- %s)", "CASE WHEN b THEN %s END"]) % number(rng, depth - 1)
    if rng.random() < 0.1:
        return rng.choice(["length(s)", "extract(year FROM d)", "extract(month FROM t)", "d - date '2000-01-01'"])
    return rng.choice(NUMBERS)


def condition(rng, depth=2):
    kind = rng.random()
    if depth and kind < 0.25:
        return "(%s %s %s)" % (condition(rng, depth - 1), rng.choice(["AND", "OR"]), condition(rng, depth - 1))
    if depth and kind < 0.3:
        return "NOT %s" % condition(rng, depth - 1)
    if kind < 0.5:
        return "%s %s %s" % (number(rng), rng.choice(COMPARISONS), number(rng))
    if kind < 0.65:
        return "%s %s %s" % (rng.choice(TEXTS), rng.choice(COMPARISONS), rng.choice(TEXTS))
    if kind < 0.75:
        return "%s %s %s" % (rng.choice(TIMES), rng.choice(COMPARISONS), rng.choice(TIMES))
    return rng.choice(["b", "b IS NOT TRUE", "s LIKE 'a%'", "s NOT LIKE '%b'", "s ILIKE 'A%'", "i IN (1, 5, NULL)",
                       "s NOT IN ('a', 'x')", "j IS NULL", "m BETWEEN -3 AND 3", "f > 1", "reverse(s) = 'ba'",
                       "d IN ('2024-01-01', '1999-12-31')", "CASE s WHEN 'a' THEN true WHEN 'ab' THEN b END", "v = 'x'"])


def question(rng):
    where = " WHERE " + condition(rng) if rng.random() < 0.8 else ""
    kind = rng.random()
    if kind < 0.4:
        what = rng.choice(["*", "id", "id, s, d", "count(*)", "id, %s" % number(rng)])
        limit = rng.choice(["", "", " ORDER BY 1 LIMIT 5 OFFSET 2"]) if what != "*" else rng.choice(["", " ORDER BY id LIMIT 3"])
        return "SELECT %s FROM TABLE%s%s" % (what, where, limit)
    keys = rng.sample(["i", "s", "d", "b", "extract(year FROM t)", "m", "v", "i % 2"], rng.randint(0, 2))
    results = keys + rng.sample(["count(*)", "count(s)", "sum(i)", "sum(j)", "avg(m)", "sum(m)", "min(d)", "max(t)", "min(s)",
                                 "count(DISTINCT i)", "sum(%s)" % number(rng, 1), "sum(i) + 1", "max(i) - min(i)", "sum(n)",
                                 "round(avg(m), 2)", "count(*) FILTER (WHERE b)"], rng.randint(1, 3))
    having = " HAVING count(*) > 1" if rng.random() < 0.2 else ""
    group = " GROUP BY " + ", ".join(keys) if keys else ""
    return "SELECT %s FROM TABLE%s%s%s" % (", ".join(results), where, group, having)


def make_rows(rng, nr):
    return [[str(k)] + [None if rng.random() < 0.1 else rng.choice(VALUES[c[0]]) for c in COLUMNS[1:]] for k in range(nr)]


def psql(work, text):
    return subprocess.run([SERVER, "psql", work], input=text.encode(), capture_output=True)


def as_json(row):
    """Numbers are texts half of the time, as some writers have them; NULLs are left out."""
    kinds = {"int": float, "bigint": float, "numeric": float, "float8": float, "bool": bool}
    fields = []
    for nr, ((name, kind), value) in enumerate(zip(COLUMNS, row)):
        if value is None:
            continue
        bare = kind.split("(")[0] in kinds and (kind == "bool" or (nr + len(value)) % 2)
        fields.append("%s: %s" % (json.dumps(name), value if bare else json.dumps(value)))
    return "{" + ", ".join(fields) + "}"


def write_csv(path, rows):
    lines = "\n".join(",".join("" if v is None else '"%s"' % v.replace('"', '""') for v in row) for row in rows)
    with open(path, "w") as file:
        file.write(lines + "\n")
    return lines


def setup(extension, work, rows):
    columns = ", ".join("%s %s" % c for c in COLUMNS)
    lines = write_csv(work + "/rows.csv", rows)
    with open(work + "/rows.jsonl", "w") as file:
        file.write("\n".join(as_json(row) for row in rows) + "\n")
    shutil.copy(os.path.join(HERE, "parquet/rows.parquet"), work + "/rows.parquet")
    with open(os.path.join(HERE, "parquet/rows.csv")) as file:
        parquet_lines = file.read()
    for name in os.listdir(work):
        if name.startswith("rows."):
            os.chmod(os.path.join(work, name), 0o644)
    names = {"extension": extension[:-3], "columns": columns, "work": work, "lines": lines, "parquet_lines": parquet_lines,
             "parquet_columns": columns.replace("n numeric,", "n numeric(20,5),")}
    return """
CREATE FUNCTION kcsd_fdw_handler() RETURNS fdw_handler AS '%(extension)s' LANGUAGE C STRICT;
CREATE FUNCTION kcsd_fdw_validator(text[], oid) RETURNS void AS '%(extension)s' LANGUAGE C STRICT;
CREATE FOREIGN DATA WRAPPER kcsd_fdw HANDLER kcsd_fdw_handler VALIDATOR kcsd_fdw_validator;
CREATE SERVER kcsd FOREIGN DATA WRAPPER kcsd_fdw OPTIONS (anywhere 'true');
CREATE FOREIGN TABLE v (%(columns)s) SERVER kcsd OPTIONS (file '%(work)s/rows.csv', header 'false');
CREATE FOREIGN TABLE w (%(columns)s) SERVER kcsd OPTIONS (file '%(work)s/rows.jsonl');
CREATE FOREIGN TABLE p (%(parquet_columns)s) SERVER kcsd OPTIONS (file '%(work)s/rows.parquet', format 'parquet');
CREATE TABLE t (%(columns)s);
COPY t FROM STDIN (FORMAT csv);
%(lines)s
\\.
CREATE TABLE q (%(parquet_columns)s);
COPY q FROM STDIN (FORMAT csv);
%(parquet_lines)s\\.
CREATE FUNCTION ask(q text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE answer text;
BEGIN
    EXECUTE 'SELECT string_agg(line, \'\';\'\' ORDER BY line) FROM (SELECT q::text AS line FROM (' || q || ') q) x' INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN RETURN 'ERROR ' || SQLSTATE;
END $f$;
""" % names


REFUSED = [
    ("CREATE FOREIGN TABLE x (a int) SERVER kcsd", 'option "file" is missing'),
    ("CREATE FOREIGN TABLE x (a int) SERVER kcsd OPTIONS (file '/x', foo '1')", 'there is no option "foo"'),
    ("CREATE FOREIGN TABLE x (a int) SERVER kcsd OPTIONS (file '/x', format 'xml')", "csv, json and parquet are possible"),
    ("CREATE FOREIGN TABLE x1 (a int) SERVER kcsd OPTIONS (file '/nonexistent.csv'); SELECT * FROM x1",
     'could not open file "/nonexistent.csv"'),
    ("CREATE FOREIGN TABLE x2 (a json) SERVER kcsd OPTIONS (file 'FILE'); SELECT * FROM x2", "type json is not supported"),
    ("CREATE FOREIGN TABLE x3 (a int) SERVER kcsd OPTIONS (file 'FILE', header 'false'); SELECT * FROM x3",
     "row 1, byte 0: it has too many cells"),
    ("CREATE SERVER strict FOREIGN DATA WRAPPER kcsd_fdw; CREATE FOREIGN TABLE x4 (a int) SERVER strict OPTIONS (file 'FILE'); "
     "SELECT * FROM x4", "The option anywhere reads such a file on the host"),
    ("CREATE FOREIGN TABLE x6 (i bigint, no int) SERVER kcsd OPTIONS (file 'DIR/rows.parquet'); SELECT * FROM x6",
     "rows.parquet: it has no column 'no'"),
    ("CREATE FOREIGN TABLE x7 (n numeric) SERVER kcsd OPTIONS (file 'DIR/rows.parquet'); SELECT * FROM x7",
     "rows.parquet: column 'n' has the type numeric(20,5), not numeric"),
    ("CREATE ROLE nobody; GRANT ALL ON SCHEMA public TO nobody; GRANT USAGE ON FOREIGN SERVER kcsd TO nobody; SET ROLE nobody; "
     "CREATE FOREIGN TABLE x5 (a int) SERVER kcsd OPTIONS (file 'FILE')", "pg_read_server_files"),
]
EXPLAINED = [
    ("SELECT id FROM v WHERE i > 5", ["drive: filters by (i > 5)", "drive: sends id"]),
    ("SELECT i, sum(j) FROM v WHERE s = 'a' GROUP BY i", ["drive: groups by i", "drive: computes sum(j)"]),
    ("SELECT id FROM v LIMIT 3", ["drive: stops after 3 rows"]),
    ("SELECT id FROM v WHERE reverse(s) = 'x'", ["Filter: (reverse(s)", "drive: sends id, s"]),
    ("SELECT count(*) FROM v WHERE reverse(s) = 'x'", ["Aggregate", "Filter: (reverse(s)"]),
]


class Points:
    def __init__(self):
        self.nr, self.failed = 0, 0

    def point(self, ok, name, why=""):
        self.nr += 1
        self.failed += not ok
        print("%sok %d %s" % ("" if ok else "not ", self.nr, name))
        if not ok:
            print("# " + why[:1500].replace("\n", "\n# "))


def same(question, foreign, local):
    """Which of several conditions is evaluated first, and so whether one fails, is open."""
    failed = foreign.startswith("ERROR"), local.startswith("ERROR")
    return foreign == local or all(failed) or (any(failed) and (" AND " in question or " OR " in question))


def compare(points, work, rng, seed, rounds, kind):
    """kind: format, foreign table, table."""
    questions = [question(rng) for _ in range(rounds)]
    # In which order PostgreSQL adds up the rows of a group is open: the last digits of such sums are.
    text = "SET extra_float_digits = 0;\n" + "".join("SELECT '== ' || coalesce(ask($q$%s$q$), '') ;\n" % q.replace("TABLE", t) for q in questions for t in kind[1:])
    result = psql(work, text)
    answers = result.stdout.decode().split("== ")[1:]
    bad = [i for i in range(rounds) if len(answers) != 2 * rounds or not same(questions[i], *answers[2 * i:2 * i + 2])]
    errors = sum(a.startswith("ERROR") for a in answers) // 2
    points.point(not bad, "fdw: %s, %d questions, from seed %d" % (kind[0], rounds, seed), result.stderr.decode()[:300] + "\n".join(
        "%s\n  foreign %s  local   %s" % (questions[i], answers[2 * i][:200], answers[2 * i + 1][:200]) for i in bad[:4]
        if len(answers) == 2 * rounds))
    print("# %d errors" % errors)


def main():
    extension, seed, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    points = Points()
    work = tempfile.mkdtemp(prefix="kcsd-fdw-")
    started = subprocess.run([SERVER, "start", work], capture_output=True)
    if started.returncode:
        print("1..0 # SKIP there is no PostgreSQL 15" if started.returncode == 3 else "not ok 1 PostgreSQL starts\n1..1")
        return started.returncode != 3
    try:
        # The server may not read the directory of the build.
        copy = work + "/kcsd_fdw.so"
        shutil.copy(extension, copy)
        os.chmod(work, 0o755)
        made = psql(work, setup(copy, work, make_rows(rng, 60)))
        points.point(not made.stderr, "fdw: tables", made.stderr.decode())
        for kind in (("csv", "v", "t"), ("json", "w", "t"), ("parquet", "p", "q")):
            compare(points, work, rng, seed, rounds if kind[0] == "csv" else rounds // 2, kind)
        for sql, words in REFUSED:
            said = psql(work, sql.replace("FILE", work + "/rows.csv").replace("DIR", work) + ";").stderr.decode()
            points.point(words in said, "fdw: refused: " + words, said)
        for sql, lines in EXPLAINED:
            plan = psql(work, "EXPLAIN " + sql + ";").stdout.decode()
            points.point(all(line in plan for line in lines), "fdw: explained: " + sql, plan)
    finally:
        subprocess.run([SERVER, "stop", work])
    print("1..%d\n# %d passed, %d failed, 0 skipped" % (points.nr, points.nr - points.failed, points.failed))
    return points.failed != 0


sys.exit(main())

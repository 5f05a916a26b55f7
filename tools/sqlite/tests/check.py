#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""Random questions to SQLite, over the virtual table and over the same rows in a table of its own. Print TAP.

    check.py KCSD_SQLITE.SO SEED ROUNDS
"""
import json
import os
import random
import subprocess
import sys
import tempfile

COLUMNS = [("id", "int", "INTEGER"), ("i", "bigint", "INTEGER"), ("m", "numeric(18,2)", "REAL"), ("n", "numeric", "REAL"),
           ("f", "float8", "REAL"), ("s", "text", "TEXT"), ("d", "date", "TEXT"), ("t", "timestamp", "TEXT"),
           ("b", "bool", "INTEGER")]
VALUES = {
    "i": ["0", "1", "-1", "5", "100", "9223372036854775807", "-9223372036854775808", "9007199254740993"],
    "m": ["0.00", "1.50", "-2.25", "0.10", "5.00", "4.99", "5.01", "1234567890123456.78"],
    "n": ["0.1", "5", "5.0000000000000000001", "-7.25", "1e20"],
    "f": ["0.1", "5", "-1e10", "2.5"],
    "s": ["a", "ab", "A", "5", "5.0", "\u00e4", "", "2024-01-01", "it's"],
    "d": ["2024-01-01", "2024-02-29", "1999-12-31", "0001-01-01"],
    "t": ["2024-01-01 00:00:00", "2024-01-01 12:34:56.5", "1999-12-31 23:59:59"],
    "b": ["true", "false"],
}
LITERALS = ["0", "1", "5", "5.0", "0.1", "-1", "4.995", "9007199254740992", "9223372036854775807", "1e20", "'5'", "'a'", "'A'",
            "'ab'", "'\u00e4'", "''", "'2024-01-01'", "'2024'", "'2024-01-01 00:00:00'", "'2024-01-01 12:34:56'", "NULL", "x'61'",
            "'9'", "1.5", "-2.25", "'it''s'"]
OPS = ["=", "<", "<=", ">", ">=", "<>", "IS", "IS NOT"]


def make_rows(rng, nr):
    return [[str(i)] + [None if rng.random() < 0.1 else rng.choice(VALUES[c[0]]) for c in COLUMNS[1:]] for i in range(nr)]


def quoted(text):
    return "" if text is None else '"%s"' % text.replace('"', '""')


def condition(rng):
    column = rng.choice(COLUMNS)[0]
    kind = rng.random()
    if kind < 0.6:
        return "%s %s %s" % (column, rng.choice(OPS), rng.choice(LITERALS))
    if kind < 0.75:
        return "%s IN (%s)" % (column, ", ".join(rng.choice(LITERALS) for _ in range(rng.randint(1, 4))))
    if kind < 0.85:
        return "%s BETWEEN %s AND %s" % (column, rng.choice(LITERALS), rng.choice(LITERALS))
    if kind < 0.92:
        return "%s IS %sNULL" % (column, rng.choice(["", "NOT "]))
    if kind < 0.96:
        return "%s = %s COLLATE NOCASE" % (column, rng.choice(LITERALS))
    return "%s LIKE 'A%%'" % column


def question(rng, table):
    where = " WHERE " + rng.choice([" AND ", " AND ", " OR "]).join(condition(rng) for _ in range(rng.randint(1, 3)))
    if rng.random() < 0.15:
        where = ""
    what = rng.choice(["id", "*", "count(*)", "i, m, s", "id, f, n, d, t, b"])
    text = "SELECT %s FROM %s%s" % (what, table, where)
    if rng.random() < 0.2 and what != "count(*)":
        text += rng.choice([" LIMIT 5", " LIMIT 4 OFFSET 3", " ORDER BY id DESC LIMIT 3"])
    return text


def normal(question, answer):
    """Rows without an order may come in any; a limit of those takes any of them."""
    rows = json.loads(answer) if answer.strip() else []
    if "LIMIT" in question and "ORDER" not in question:
        return len(rows)
    return sorted(map(json.dumps, rows))


def main():
    extension, seed, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    rows = make_rows(rng, 60)
    with tempfile.TemporaryDirectory() as work:
        with open(os.path.join(work, "rows.csv"), "w") as file:
            file.write("".join(",".join(quoted(v) for v in row) + "\n" for row in rows))
        sql = [".load %s" % extension, ".mode json",
               "CREATE VIRTUAL TABLE v USING kcsd('rows.csv', header=no, anywhere=yes, columns='%s');" %
               ", ".join("%s %s" % c[:2] for c in COLUMNS),
               "CREATE TABLE t(%s);" % ", ".join("%s %s" % (c[0], c[2]) for c in COLUMNS)]
        for row in rows:
            row = [v if v is None or c[2] != "INTEGER" else str(int({"true": 1, "false": 0}.get(v, v))) for c, v in
                   zip(COLUMNS, row)]
            sql.append("INSERT INTO t VALUES (%s);" % ", ".join(
                "NULL" if v is None else v if c[2] == "INTEGER" else "CAST('%s' AS REAL)" % v if c[2] == "REAL" else
                "'%s'" % v.replace("'", "''") for c, v in zip(COLUMNS, row)))
        questions = [question(rng, "TABLE") for _ in range(rounds)]
        for i, q in enumerate(questions):
            for table in "vt":
                sql += [".print == %d %s" % (i, table), q.replace("TABLE", table) + ";"]
        result = subprocess.run(["sqlite3", ":memory:"], input="\n".join(sql).encode(), capture_output=True, cwd=work)
    answers = {}
    for part in result.stdout.decode().split("== ")[1:]:
        head, _, body = part.partition("\n")
        answers[tuple(head.split())] = body
    failed = [i for i, q in enumerate(questions) if (str(i), "v") not in answers or (str(i), "t") not in answers or
              normal(q, answers[(str(i), "v")]) != normal(q, answers[(str(i), "t")])]
    for i in failed[:3]:
        print("# %s\n#   virtual %s\n#   table   %s" % (questions[i], answers.get((str(i), "v"), "")[:300].replace("\n", " "),
                                                       answers.get((str(i), "t"), "")[:300].replace("\n", " ")))
    errors = result.stderr.decode().strip()
    if errors:
        print("# " + errors[:500].replace("\n", "\n# "))
    ok = not failed and not errors
    print("%sok 1 sqlite: %d questions, from seed %d" % ("" if ok else "not ", rounds, seed))
    print("1..1\n# %d passed, %d failed, 0 skipped" % (ok, not ok))
    return 0 if ok else 1


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Random JSON, whole and damaged: kcsd select finds the values that were written. Print TAP.

    select_json.py KCSD SEED ROUNDS
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile

PIECES = ["a", "b", "0", " ", "\u00e4", "\u65e5", "\U0001f600", '"', "\\", "/", "\n", "\t", "\x01", "{", "}", "[", "]",
          ":", ",", "null", "x" * 30]
COLUMNS = ["a", "b", "c", "o.a", "o.b", "o.p.q", "list", "k\u00e4"]


def make_value(rng, depth=0):
    kind = rng.randint(0, 9 if depth < 4 else 6)
    if kind < 3:
        return "".join(rng.choice(PIECES) for _ in range(rng.choice([0, 1, 2, 5])))
    if kind == 3:
        return rng.choice([0, -1, 17, 1 << 62, -(1 << 63), 123456])
    if kind == 4:
        return rng.choice([1.5, -0.25, 1e300, 1e-7])
    if kind < 7:
        return rng.choice([True, False, None])
    if kind == 7:
        return [make_value(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    return {make_key(rng): make_value(rng, depth + 1) for _ in range(rng.randint(0, 3))}


def make_key(rng):
    return rng.choice(["a", "b", "o", "p", "q", "list", "k\u00e4", "z\"", "", "other"])


def make_row(rng):
    row = {make_key(rng): make_value(rng) for _ in range(rng.randint(0, 6))}
    if rng.random() < 0.5:
        row["o"] = {"a": make_value(rng, 3), "p": {"q": make_value(rng, 3)}}
    if rng.random() < 0.01:
        row["b"] = "y" * rng.randint(1, 100000)
    return row


def find(row, path):
    """The value of a column: None for NULL; texts stand for themselves, all else as JSON."""
    for key in path.split("."):
        if not isinstance(row, dict) or key not in row:
            return None
        row = row[key]
    return row if row is None or isinstance(row, str) else ("json", row)


def same(want, got):
    if isinstance(want, tuple):
        return got is not None and json.loads(got) == want[1]
    return want == got


def strict(line):
    """The object of a line, or None: it is no valid one, or has a text that PostgreSQL has not."""
    def refuse(text):
        raise ValueError(text)
    try:
        row = json.loads(line, parse_constant=refuse)
        json.dumps(row, ensure_ascii=False).encode()
    except ValueError:
        return None
    if not isinstance(row, dict) or re.search(r"(?<!\\)(\\\\)*\\u0000", line):
        return None
    return row


def write(rng, rows, path):
    array = rng.random() < 0.4
    indent = rng.choice([None, None, 1]) if array else None
    texts = [json.dumps(row, indent=indent, ensure_ascii=rng.random() < 0.5,
                        separators=rng.choice([None, (",", ":"), (" , ", " : ")])) for row in rows]
    text = "[" + ",\n".join(texts) + "]" if array else "".join(t + rng.choice(["\n", "\r\n", " \n\n"]) for t in texts)
    if not array and texts and rng.random() < 0.3:
        text = text.rstrip()
    with open(path, "wb") as file:
        file.write((b"\xef\xbb\xbf" if rng.random() < 0.2 else b"") + text.encode())


def damage(rng, line):
    at = rng.randrange(len(line))
    return rng.choice([line[:at] + line[at + 1:], line[:at] + rng.choice('"\\{}[],:0 axu') + line[at + 1:],
                       line[:at] + rng.choice(['"', "\\", "}", "{", ",", "0", "\\ud800", "\\u0000"]) + line[at:]])


def ask(kcsd, path, extra):
    command = [kcsd, "select", "--anywhere", "--json-lines", "--format", "json",
               "--columns", ", ".join('"%s" text' % c for c in COLUMNS)]
    result = subprocess.run(command + extra + ["SELECT * FROM file('%s')" % path], capture_output=True)
    rows = [list(json.loads(line).values()) for line in result.stdout.decode().splitlines()]
    return result.returncode, rows, result.stderr.decode()


def compare(rows, got):
    return len(rows) == len(got) and all(same(find(r, c), v) for r, g in zip(rows, got) for c, v in zip(COLUMNS, g))


def show(rows, code, got, err):
    print("# exit code %d, expected %d rows, got %d; %s" % (code, len(rows), len(got), err[-300:].replace("\n", "\n# ")))
    for r, g in zip(rows, got):
        if not all(same(find(r, c), v) for c, v in zip(COLUMNS, g)):
            print("# " + str(r)[:600])
            print("# " + str(g)[:600])
            break


def whole(kcsd, rng, path, i):
    rows = [make_row(rng) for _ in range(rng.randint(0, 600 if i % 10 == 9 else 30))]
    write(rng, rows, path)
    code, got, err = ask(kcsd, path, rng.choice([[], ["--host"], ["--slice", "1"]]))
    ok = not code and compare(rows, got)
    return ok or show(rows, code, got, err)


def damaged(kcsd, rng, path, _):
    lines = [json.dumps(make_row(rng)) for _ in range(rng.randint(1, 30))]
    lines = [damage(rng, line) if rng.random() < 0.3 else line for line in lines]
    # That would be an array.
    if "".join(lines).lstrip().startswith("["):
        return True
    # What is blank is no row.
    rows = [strict(line) for line in lines if line.strip()]
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")
    code, got, err = ask(kcsd, path, ["--on-error", "skip"] + rng.choice([[], ["--slice", "1"]]))
    bad = re.search(r"bad rows that were skipped: (\d+)", err)
    ok = not code and compare([r for r in rows if r is not None], got) and \
        int(bad.group(1) if bad else 0) == rows.count(None)
    if not ok:
        show([r for r in rows if r is not None], code, got, err)
        print("# bad: expected %d, got %s" % (rows.count(None), bad and bad.group(1)))
        print("# " + "\n# ".join(line[:300] for line in lines if line.strip() and strict(line) is None))
    return ok


def sql(kcsd, path, columns, question, extra=()):
    result = subprocess.run([kcsd, "select", "--anywhere", "--csv", "--format", "json", "--columns", columns,
                             *extra, question % path], capture_output=True)
    return result.returncode, result.stdout.decode().split("\n", 1)[-1], result.stderr.decode()


# Rows near the memory that a program has for one: nothing is read or written outside it.
def large(kcsd, rng, path, _):
    most = 262144
    n, where = rng.randint(most // 2 - 4000, most // 2 - 100), rng.choice([[], ["--host"]])
    with open(path, "w") as file:
        file.write('{"a": "\\n%s", "b": "\\t%s"}\n{"a": "\\n1", "b": "\\t2"}\n' % ("x" * n, "y" * n))
    code, got, err = sql(kcsd, path, "a text, b text",
                         "SELECT length(upper(b)), length(a), substr(b, 1, 2) FROM file('%s') "
                         "WHERE upper(a) LIKE '%%X%%' OR upper(a) LIKE '%%1%%'", where)
    ok = not code and got == "%d,%d,\ty\n2,2,\t2\n" % (n + 1, n + 1)
    # Values that are in one another: there is no room for all of them.
    with open(path, "w") as file:
        file.write('{"a": {"b": {"c": "%s"}}}\n{"a": {"b": {"c": "y"}}}\n' % ("x" * n))
    nested = sql(kcsd, path, 'a text, "a.b" text, "a.b.c" text',
                 'SELECT length(a), length("a.b"), length("a.b.c") FROM file(\'%s\')',
                 where + ["--on-error", "skip"])
    if not ok or nested[0] or nested[1] != "17,10,1\n" or "skipped: 1" not in nested[2]:
        print("# %d: %s" % (n, str([code, got[:200], err[-300:], nested])))
        return False
    return True


TESTS = (("whole", whole), ("damaged", damaged), ("large", large))


def main():
    kcsd, seed, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "rows")
        for nr, (name, test) in enumerate(TESTS, 1):
            bad = 0
            for i in range(rounds if test != large else rounds // 10 + 1):
                bad += not test(kcsd, rng, path, i)
                if bad > 2:
                    break
            failed += bool(bad)
            print("%sok %d json: %d files, %s, from seed %d" % ("not " if bad else "", nr, rounds, name, seed))
    print("1..%d" % len(TESTS))
    print("# %d passed, %d failed, 0 skipped" % (len(TESTS) - failed, failed))
    return 1 if failed else 0


sys.exit(main())

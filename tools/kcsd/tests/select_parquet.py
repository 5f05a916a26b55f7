#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Parquet files of other writers, whole and damaged. Print TAP.

    select_parquet.py KCSD DIRECTORY [EVERY]

The files were made once by DuckDB 1.4 and hyparquet-writer 0.9 from npm, with the CSV that says what is in them. Of the
damaged files each EVERYth byte is changed.
"""
import csv
import os
import random
import subprocess
import sys
import tempfile

EXPECTED = {"zstd": "types", "snappy": "types", "gzip": "types", "plain": "types", "groups": "groups", "empty": "empty",
            "hyparquet": "hyparquet"}
REFUSED = {
    "delta": "column 'i' has the encoding DELTA_BINARY_PACKED, which is not supported",
    "lz4": "column 'i' has the codec LZ4_RAW, which is not supported",
    "nested": "column 'list' is nested, which is not supported",
    "nanos": "column 'ns' has timestamps in nanoseconds",
}
QUESTIONS = [
    ("groups", "SELECT count(*), sum(i), min(i) FROM F WHERE g = 5", "1000,5499500,5000", 2048),
    ("groups", "SELECT count(*) FROM F WHERE i < 100 OR i >= 8000", "292", 8192),
    ("groups", "SELECT max(i) FROM F WHERE i BETWEEN 2100 AND 2200 AND s LIKE 'x%'", "2200", 2048),
    ("groups", "SELECT count(*) FROM F WHERE n IS NOT NULL", "3000", 4096),
    ("groups", "SELECT count(*) FROM F WHERE i IN (1, 9000)", "1", 2048),
    ("groups", "SELECT count(*) FROM F WHERE i > 8191", "0", 0),
    ("zstd", "SELECT sum(m), sum(big), count(s), max(d), min(t) FROM F WHERE u LIKE '%1%' AND (b OR f > 0)",
     "24660.35,57.00000,9,1970-01-21,1969-12-31 23:10:00", None),
    ("zstd", "SELECT s, count(*), sum(j) FROM F WHERE s < 'text 11' GROUP BY s ORDER BY s LIMIT 2",
     "text 0,4,130000000910\ntext 1,4,95000000665", None),
    ("nanos", "SELECT a FROM F", "1", None),
]


class Points:
    def __init__(self):
        self.nr, self.failed = 0, 0

    def point(self, ok, name, why=""):
        self.nr += 1
        self.failed += not ok
        print("%sok %d %s" % ("" if ok else "not ", self.nr, name))
        if not ok:
            print("# " + str(why)[:1000].replace("\n", "\n# "))


def ask(kcsd, question, extra=()):
    result = subprocess.run([kcsd, "select", "--anywhere", "--csv", "--stats", *extra, question], capture_output=True)
    return result.returncode, result.stdout.decode(errors="replace"), result.stderr.decode(errors="replace")


def normal(cell):
    if cell in ("t", "f"):
        return cell == "t"
    if cell in ("true", "false"):
        return cell == "true"
    try:
        return float(cell)
    except ValueError:
        return cell


def rows_of(text):
    return [[normal(c) for c in row] for row in csv.reader(text.splitlines())]


def damaged(kcsd, points, path, every):
    """A changed byte is an error with a sentence, or changes a value; never more."""
    with open(path, "rb") as file:
        data = file.read()
    rng = random.Random(1)
    wrong, errors, nr = [], 0, 0
    with tempfile.TemporaryDirectory() as work:
        copy = os.path.join(work, "x.parquet")
        for at in list(range(0, len(data), every)) + [-i for i in range(1, len(data), 5 * every)]:
            changed = bytearray(data)
            if at < 0:
                del changed[at:]
            else:
                changed[at] ^= 1 << rng.randrange(8)
            with open(copy, "wb") as file:
                file.write(changed)
            code, out, err = ask(kcsd, "SELECT * FROM file('%s') WHERE i >= -5" % copy)
            nr += 1
            errors += code != 0
            if code not in (0, 1) or (code and not err.strip()) or any(w in err for w in ("fault", "nonsense", "without an answer")):
                wrong.append((at, code, err[-200:]))
    points.point(not wrong, "damaged: %s, %d times" % (os.path.basename(path), nr), wrong[:3])
    print("# %d errors" % errors)


def main():
    kcsd, directory = os.path.abspath(sys.argv[1]), sys.argv[2]
    every = int(sys.argv[3]) if len(sys.argv) > 3 else 11
    points = Points()
    for name, table in EXPECTED.items():
        path = os.path.join(directory, name + ".parquet")
        with open(os.path.join(directory, table + ".csv")) as file:
            want = rows_of(file.read())
        for extra in ([], ["--host"]):
            code, out, err = ask(kcsd, "SELECT * FROM file('%s')" % path, extra)
            got = rows_of(out)
            points.point(not code and got == want, "whole: %s%s" % (name, ", host" if extra else ""),
                         err[-300:] + str([(a, b) for a, b in zip(got, want) if a != b][:1]))
    for name, words in REFUSED.items():
        code, out, err = ask(kcsd, "SELECT * FROM file('%s')" % os.path.join(directory, name + ".parquet"))
        points.point(code == 1 and words in err, "refused: " + words, err)
    for name, question, want, rows in QUESTIONS:
        code, out, err = ask(kcsd, question.replace("F W", "file('%s') W" % os.path.join(directory, name + ".parquet")) if "F W" in
                             question else question.replace("FROM F", "FROM file('%s')" % os.path.join(directory, name + ".parquet")))
        points.point(not code and out.partition("\n")[2].strip() == want and (rows is None or "rows: %d\n" % rows in err),
                     "question: " + question, out + err)
    for name in ("zstd", "plain", "hyparquet"):
        damaged(kcsd, points, os.path.join(directory, name + ".parquet"), every)
    print("1..%d\n# %d passed, %d failed, 0 skipped" % (points.nr, points.nr - points.failed, points.failed))
    return points.failed != 0


sys.exit(main())

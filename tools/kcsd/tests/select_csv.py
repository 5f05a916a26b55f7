#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Random CSV: kcsd select finds the cells that were written. Print TAP.

    select_csv.py KCSD SEED ROUNDS
"""
import json
import os
import random
import subprocess
import sys
import tempfile

PIECES = ["a", "b", "0", "17", " ", "\u00e4", "\u65e5", "\U0001f600", '"', '""', ",", ";", "\t", "\n", "\r\n", "\r",
          "true", "-1.50", "2024-02-29", "'", "\\", "x" * 40]
CHUNK = 1 << 16         # bytes that a program reads at once; rows are to straddle its end


def make_cell(rng):
    """A value: a text, or None for NULL."""
    if rng.random() < 0.1:
        return None
    return "".join(rng.choice(PIECES) for _ in range(rng.choice([0, 1, 1, 2, 3, 8])))


def write_cell(rng, value, delimiter, first):
    if value is None:
        return ""
    plain = not any(c in value for c in '"\r\n' + delimiter) and value and not (first and value[0] == "\ufeff")
    if plain and rng.random() < 0.8:
        return value
    return '"' + value.replace('"', '""') + '"'


def make_file(rng, large):
    columns = rng.randint(1, 6)
    delimiter = rng.choice(",,,;\t|")
    end = rng.choice(["\n", "\n", "\r\n"])
    rows, lines, size = [], [], 0
    wanted = CHUNK + rng.randint(0, 300000) if large else rng.randint(0, 3000)
    while size < wanted:
        row = [make_cell(rng) for _ in range(columns)]
        if large and rng.random() < 0.01:
            row[-1] = "y" * rng.randint(1, 100000)
        # A row of one cell that is NULL is an empty line: of one column, a row.
        line = delimiter.join(write_cell(rng, v, delimiter, not lines and not i) for i, v in enumerate(row)) + end
        rows.append(row)
        lines.append(line)
        size += len(line)
        if columns > 1 and rng.random() < 0.05:
            lines.append(end)
    text = "".join(lines)
    if rng.random() < 0.3 and text.endswith(end) and (rows[-1] != [None] or columns > 1):
        text = text[:-len(end)]
    header = rng.random() < 0.5
    if header:
        text = delimiter.join("h%d" % i for i in range(columns)) + end + text
    if rng.random() < 0.2:
        text = "\ufeff" + text
    return columns, delimiter, header, rows, text


def ask(kcsd, path, columns, delimiter, header, extra):
    command = [kcsd, "select", "--anywhere", "--json-lines", "--format", "csv", "--delimiter",
               "tab" if delimiter == "\t" else delimiter,
               "--columns", ", ".join("c%d text" % i for i in range(columns))]
    if not header:
        command.append("--no-header")
    result = subprocess.run(command + extra + ["SELECT * FROM file('%s')" % path], capture_output=True)
    if result.returncode:
        return result.stderr.decode()
    return [list(json.loads(line).values()) for line in result.stdout.decode().splitlines()]


def long_rows(kcsd, path):
    """Rows of more than 256 KiB: lines in their quotes are no rows."""
    rows = [["1", "a"], ["2", "y,\n" * 100000], ["3", "b"], ["x" * 300000, "c"], ["5", ""], ["6", 'z"\n' * 200000]]
    with open(path, "w") as file:
        for row in rows:
            file.write(",".join('"%s"' % cell.replace('"', '""') for cell in row) + "\n")
    whole = ask(kcsd, path, 2, ",", False, ["--on-error", "skip"])
    sliced = ask(kcsd, path, 2, ",", False, ["--on-error", "skip", "--slice", "1"])
    return whole == sliced == [rows[0], rows[2], rows[4]]


def main():
    kcsd, seed, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "rows")
        for i in range(rounds):
            columns, delimiter, header, rows, text = make_file(rng, i % 20 == 19)
            with open(path, "wb") as file:
                file.write(text.encode())
            got = ask(kcsd, path, columns, delimiter, header, rng.choice([[], ["--host"], ["--slice", "1"]]))
            if got == rows:
                continue
            failed += 1
            if failed < 4:
                print("# round %d, %d columns, delimiter %r, header %s" % (i, columns, delimiter, header))
                bad = [(a, b) for a, b in zip(rows, got) if a != b] if isinstance(got, list) else got
                print("# expected %d rows, got %s: %s" % (len(rows), len(got), str(bad[:2])[:600].replace("\n", "\n# ")))
        long = long_rows(kcsd, path)
    print("%sok 1 csv: %d files, from seed %d" % ("not " if failed else "", rounds, seed))
    print("%sok 2 csv: rows that are too long are skipped whole" % ("" if long else "not "))
    print("1..2")
    failed = bool(failed) + (not long)
    print("# %d passed, %d failed, 0 skipped" % (2 - failed, failed))
    return 1 if failed else 0


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Questions and answers of files in select/. Print TAP.

    select_cases.py KCSD FILE... [--postgres POSTGRES.SH]

A file has blocks, with empty lines between them; # begins a comment.

    table NAME COLUMN TYPE, ...     then CSV without a header; 'file' before NAME: any text
    query [OPTION...]               ~ in an option is a space; the question, which may have several lines; ----; the rows, as CSV
    error [OPTION...]               the question; ----; what the message has, and "^" below the place

A question names a table as file('NAME'). Each is answered three ways: by the program in both engines, and by the host
alone. With --postgres, PostgreSQL is asked as well, and has to give the rows of "query".
"""
import csv
import io
import os
import re
import subprocess
import sys
import tempfile

WAYS = (("", []), ("host", ["--host"]))


def read_blocks(path):
    with open(path) as file:
        text = re.sub(r"^#.*\n", "", file.read(), flags=re.M)
    for block in re.split(r"\n\n+", text.strip("\n")):
        head, _, body = block.partition("\n")
        yield head, body


class Runner:
    def __init__(self, kcsd, work, postgres):
        self.kcsd, self.work, self.postgres = kcsd, work, postgres
        self.columns, self.rows, self.nr, self.failed = {}, {}, 0, 0

    def point(self, ok, name, why=""):
        self.nr += 1
        print("%sok %d %s" % ("" if ok else "not ", self.nr, name))
        if not ok:
            self.failed += 1
            print("# " + why.replace("\n", "\n# "))

    def table(self, head, body):
        name, _, columns = head.partition(" ")
        with open(os.path.join(self.work, name), "w", newline="") as file:
            file.write(body + "\n" if body else "")
        self.columns[name] = columns
        self.rows[name] = body

    def ask(self, question, options):
        name = re.search(r"file\('([^']*)'\)", question)
        command = [self.kcsd, "select", "--anywhere", "--csv"] + options
        if name and self.columns.get(name.group(1)):
            command += ["--no-header", "--columns", self.columns[name.group(1)]]
        result = subprocess.run(command + [question], cwd=self.work, capture_output=True)
        errors = [line for line in result.stderr.decode().split("\n") if "query runs on the host" not in line]
        return result.returncode, result.stdout.decode(), "\n".join(errors)

    def query(self, label, options, question, want):
        for way, extra in WAYS:
            code, out, err = self.ask(question, options + extra)
            # The names of results are not the matter here.
            got = out.partition("\n")[2].rstrip("\n")
            self.point(not code and got == want, "%s%s" % (label, way and ", " + way),
                       "%s\n%s\nexpected:\n%s\ngot:\n%s%s" % (label, question, want, got, err))
        if self.postgres and self.columns.get(re.search(r"file\('([^']*)'\)", question).group(1)):
            got = self.ask_postgres(question)
            self.point(normal(got) == normal(want), label + ", PostgreSQL",
                       "%s\nexpected:\n%s\ngot:\n%s" % (question, want, got))

    def error(self, label, options, question, want):
        message, _, caret = want.partition("\n")
        for way, extra in WAYS:
            code, _, err = self.ask(question, options + extra)
            ok = code and message in err and (not caret or "\n  " + caret + "\n" in err)
            self.point(ok, "%s%s" % (label, way and ", " + way), "%s\nexpected:\n%s\ngot:\n%s" % (question, want, err))

    def ask_postgres(self, question):
        name = re.search(r"file\('([^']*)'\)", question).group(1)
        table, columns, rows = name.split(".")[0], self.columns[name], self.rows[name]
        text = "CREATE TEMPORARY TABLE %s (%s);\nCOPY %s FROM stdin CSV;\n%s\\.\n" % (
            table, columns, table, rows and rows + "\n")
        question = re.sub(r"file\('([^'.]*)[^']*'\)", r"\1", question)
        text += "COPY (%s) TO stdout CSV;\n" % question
        result = subprocess.run([self.postgres, "psql", os.environ["PG_WORK"]], input=text.encode(),
                                capture_output=True)
        return (result.stdout.decode() + result.stderr.decode()).rstrip("\n")

    def run(self, path):
        base = os.path.basename(path)[:-len(".test")]
        for i, (head, body) in enumerate(read_blocks(path)):
            word, _, rest = head.partition(" ")
            if word == "table":
                self.table(rest, body)
                continue
            if word == "file":
                self.table(rest.split()[0], body)
                self.columns.pop(rest.split()[0])
                continue
            question, _, want = body.partition("----")
            label = "%s %d" % (base, i)
            getattr(self, word)(label, [o.replace("~", " ") for o in rest.split()], question.strip("\n"), want.strip("\n"))


def normal(text):
    return list(csv.reader(io.StringIO(text.replace("true", "t").replace("false", "f"))))


def main():
    args = sys.argv[1:]
    postgres = None
    if "--postgres" in args:
        at = args.index("--postgres")
        postgres = args[at + 1]
        del args[at:at + 2]
    with tempfile.TemporaryDirectory() as work:
        runner = Runner(os.path.abspath(args[0]), work, postgres)
        for path in args[1:]:
            runner.run(path)
    print("1..%d" % runner.nr)
    print("# %d passed, %d failed, 0 skipped" % (runner.nr - runner.failed, runner.failed))
    return 1 if runner.failed else 0


sys.exit(main())

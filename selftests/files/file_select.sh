#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Ask questions of files, objects and LBAs on a drive. The answers are those of the same questions on
# the host, and of tables that are known; random ones are compared by query_drive.
# shellcheck disable=SC2154,SC2034 # block, index, what: from lib.sh; mount: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

ROUNDS=${KCSD_QUERY_DRIVE_ROUNDS:-300}

# Rows with all that CSV has. Their number is even, so that halves are of one length.
make_rows()
{
	awk -v rows="$1" 'BEGIN {
		print "id,name,price,day,at,flag"
		for (i = 1; i <= rows; i++) {
			name = i % 7 ? "n" i % 13 : "\"a, \"\"b\"\"\n" i % 5 "\""
			printf "%d,%s,%s%d.%02d,2024-%02d-%02d,2024-01-02 %02d:%02d:00,%s\n", i, name,
				i % 11 ? "" : "-", i * 7 % 1000, i % 100, i % 12 + 1, i % 28 + 1, i % 24,
				i % 60, i % 3 ? "true" : i % 2 ? "false" : ""
		}
	}'
}

# ask NAME QUESTION [OPTION...]: pass if the drive answers as the host; \$F is the file.
ask()
{
	local label=$1 question=$2 want got

	shift 2
	want=$("$kcsd" select --anywhere --csv "$@" "${question//\$F/$work/rows.csv}" 2>&1 |
		sed '/^kcsd: the query runs on the host/d')
	got=$("$kcsd" select --csv "$@" "${question//\$F/$mount/rows.csv}" 2>&1)
	is "$label" "${got//$mount/$work}" "$want"
}

test_file()
{
	ask "all columns" "SELECT * FROM file('\$F') WHERE id <= 30"
	ask "groups" "SELECT name, count(*), sum(price), min(day), max(at), avg(price) FROM file('\$F')
		GROUP BY name ORDER BY name"
	ask "no groups" "SELECT count(*), count(flag), sum(id), max(price) FROM file('\$F')"
	ask "conditions" "SELECT id FROM file('\$F') WHERE name LIKE 'n1%' AND price BETWEEN 100 AND 200
		AND (flag OR day > date '2024-06-01') AND id IN (14, 157, 300, 443, 586, 1015) ORDER BY 1"
	ask "what the host does" "SELECT name || '!', price / 3 FROM file('\$F') WHERE id % 1000 = 1"
	ask "distinct" "SELECT DISTINCT day, flag FROM file('\$F') ORDER BY day DESC, flag LIMIT 7 OFFSET 3"
	ask "having" "SELECT extract(month FROM day) AS m, count(*) FROM file('\$F') GROUP BY 1
		HAVING count(*) > 1600 ORDER BY m"
	ask "the drive only sends" "SELECT name, sum(price) FROM file('\$F') GROUP BY name ORDER BY 1" --host
	ask "two files" "SELECT count(*), sum(id) FROM file('\$F', '\$F')"
	ask "a limit" "SELECT id FROM file('\$F') LIMIT 3 OFFSET 2"
	ask "a failing row" "SELECT 1 / (id - 17) FROM file('\$F')"
}

# The drive sends the answer, not the file.
test_link()
{
	"$kcsd" select --stats "SELECT count(*) FROM file('$mount/rows.csv') WHERE price < 0" \
		>"$work/out" 2>"$work/stats"
	verdict $? "statistics"
	local media link

	media=$(sed -n 's/^bytes from media: \([0-9]*\) .*/\1/p' "$work/stats")
	link=$(sed -n 's/^bytes over the link: \([0-9]*\) .*/\1/p' "$work/stats")
	point "the drive reads the file" [ "${media:-0}" -ge "$(stat -c %s "$mount/rows.csv")" ]
	point "at most 64 KiB cross the link ($link bytes)" [ "${link:-99999}" -le 65536 ]
	says "explain: the drive filters" "drive: filters by" \
		"$kcsd" select --explain "SELECT count(*) FROM file('$mount/rows.csv') WHERE price < 0"
}

test_bad_rows()
{
	printf 'a,b\n1,x\n2\n3,"y\n4,z\n5,"u"v\nsix,w\n7,q\n' >"$mount/bad.csv"
	fails "a bad row" "bad.csv: row 3, byte 8: it has too few cells" "$kcsd" select \
		--columns "a int, b text" "SELECT * FROM file('$mount/bad.csv')"
	printf 'a,b\n1,x\n2\n3,y,z\n5,"u"v\nsix,w\n7,q\n' >"$mount/bad.csv"
	"$kcsd" select --csv --on-error skip --columns "a int, b text" \
		"SELECT a, b FROM file('$mount/bad.csv')" >"$work/out" 2>"$work/err"
	verdict $? "bad rows are skipped"
	is "  the others are there" "$(tr '\n' ' ' <"$work/out")" "a,b 1,x 7,q "
	point "  and counted" grep -q "bad rows that were skipped: 4" "$work/err"
	point "  a wrong type is told" grep -q 'row 6, .*column "a": invalid input' "$work/err"
}

test_objects()
{
	local key

	for key in log/1 log/2 log/3; do
		make_rows 1000 | "$kcsd" kv put -d "kcsd$index" "$key.csv" || return
	done
	is "an object" "$("$kcsd" select -d "kcsd$index" --csv \
		"SELECT count(*), sum(id) FROM kv('log/1.csv')" | tail -n 1)" "1000,500500"
	is "all objects of a prefix" "$("$kcsd" select -d "kcsd$index" --csv --format csv \
		"SELECT count(*), sum(id) FROM kv('log/*')" | tail -n 1)" "3000,1501500"
	fails "no such object" "no object" "$kcsd" select -d "kcsd$index" --format csv \
		"SELECT * FROM kv('nothing')"
	fails "no such prefix" "no key begins like this" "$kcsd" select -d "kcsd$index" --format csv \
		"SELECT * FROM kv('nothing*')"
}

# Parquet of another writer; by the helper decompress.
test_parquet()
{
	local dir file name

	dir=$(first_there ../../tools/kcsd/tests/parquet ../../../tools/kcsd/tests/parquet) ||
		{ skip "Parquet" "no files"; return; }
	for name in zstd snappy gzip plain groups hyparquet; do
		file=$mount/$name.parquet
		cp "$dir/$name.parquet" "$file" && sync -f "$file"
		is "Parquet: $name" "$("$kcsd" select --csv "SELECT * FROM file('$file')" 2>&1 | md5sum)" \
			"$("$kcsd" select --anywhere --csv "SELECT * FROM file('$dir/$name.parquet')" 2>/dev/null | md5sum)"
	done
	is "Parquet: row groups are skipped" "$("$kcsd" select --csv --stats \
		"SELECT count(*) FROM file('$mount/groups.parquet') WHERE g = 5" 2>&1 |
		sed -n '2p;s/^rows: //p' | tr '\n' ' ')" "1000 2048 "
}

# By SQLite, with the extension.
test_sqlite()
{
	local extension sql

	extension=$(first_there ../../kcsd_sqlite.so ../../build/kcsd_sqlite.so) ||
		{ skip "SQLite" "no kcsd_sqlite.so: run 'make tools'"; return; }
	command -v sqlite3 >/dev/null || { skip "SQLite" "no sqlite3"; return; }
	sql="SELECT count(*), sum(id) FROM v WHERE name = 'n1' AND price < 50 AND id BETWEEN 100 AND 9000
		AND flag IS NOT NULL"
	is "SQLite" "$(sqlite3 -cmd ".load ${extension%.so}" :memory: \
		"CREATE VIRTUAL TABLE v USING kcsd('$mount/rows.csv'); $sql" 2>&1)" \
		"$("$kcsd" select --csv "${sql/ v / file(\'$mount/rows.csv\') }" | tail -n 1 | tr , '|')"
	is "SQLite: a join" "$(sqlite3 -cmd ".load ${extension%.so}" :memory: \
		"CREATE VIRTUAL TABLE v USING kcsd('$mount/rows.csv');
		SELECT count(*) FROM v a JOIN v b ON a.id = b.id + 1 WHERE a.id < 4 AND b.id < 4" 2>&1)" 2
}

# The same rows as JSON, in lines and in an array.
test_json()
{
	local file

	awk 'BEGIN {
		for (i = 1; i <= 5000; i++)
			printf "{\"id\": %d, \"in\": {\"name\": \"n%d\\u00e4\"}, \"price\": %d.%02d%s}\n", i,
				i % 13, i * 7 % 1000, i % 100, i % 5 ? "" : ", \"note\": null"
	}' >"$mount/rows.jsonl"
	{ printf '['; sed '$!s/$/,/' "$mount/rows.jsonl"; printf ']\n'; } >"$mount/rows.json"
	for file in rows.jsonl rows.json; do
		fails "$file: a column that is not there" 'column "in_name" does not exist' \
			"$kcsd" select "SELECT in_name FROM file('$mount/$file')"
		is "$file: groups" "$("$kcsd" select --csv "SELECT \"in\".name, count(*), sum(price), max(id)
			FROM file('$mount/$file') GROUP BY 1 ORDER BY 4 LIMIT 2" 2>&1 | tail -n 2)" \
			"n9ä,384,198158.24,4988
n10ä,384,193846.08,4989"
	done
}

# A second drive without a filesystem, for LBAs.
test_lbas()
{
	"$query_drive" "kcsd$index" 20260101 "$ROUNDS" >"$work/points" 2>&1
	status=$?
	adopt "random" <"$work/points"
	is "random: the program succeeds" $status 0
	make_rows 500 >"$work/small.csv"
	point "store CSV" dd if="$work/small.csv" of="$block" bs=64K conv=sync,fsync status=none
	is "LBAs" "$("$kcsd" select -d "kcsd$index" --csv --format csv \
		"SELECT count(*), sum(id), min(name) FROM lba('0+16')" 2>&1 | tail -n 1)" \
		"$("$kcsd" select --anywhere --csv "SELECT count(*), sum(id), min(name) FROM \
		file('$work/small.csv')" 2>/dev/null | tail -n 1)"
	fails "LBAs behind the end" "beyond" "$kcsd" select -d "kcsd$index" --format csv \
		"SELECT * FROM lba('0+99999999')"
}

begin
need mkfs.ext4 awk
find_kcsd
begin_files
query_drive=$(first_there ../../lib/query_drive ../../build/lib/query_drive) ||
	skip_all "no query_drive: run 'make lib'"
make_rows 20000 >"$work/rows.csv"
point "create a drive" create_drive select size=128M kv_size=32M kv_max_value=4M || finish
what=ext4		# for make_fs
make_fs ext4 "$block" || finish
cp "$work/rows.csv" "$mount/rows.csv"
sync -f "$mount"
test_file
test_link
test_bad_rows
test_json
test_parquet
test_sqlite
test_objects
end_fs
point "remove the drive" delete_drive select
point "create a drive for LBAs" create_drive select size=16M || finish
test_lbas
point "remove that drive" delete_drive select
finish

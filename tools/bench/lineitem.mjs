// SPDX-License-Identifier: GPL-2.0
// Make build/bench/lineitem-SCALE.parquet for "make bench-query" with DuckDB (zstd, its defaults):
//
//	npm install --no-save --prefix build/bench @duckdb/node-api
//	build/bench-lineitem csv 0.1 >build/bench/lineitem-0.1.csv
//	node tools/bench/lineitem.mjs build/bench/lineitem-0.1
import { createRequire } from 'node:module';
const { DuckDBInstance } = createRequire(process.cwd() + '/build/bench/')('@duckdb/node-api');

const [, , name] = process.argv;
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const decimals = ['quantity', 'extendedprice', 'discount', 'tax'].map((c) => `l_${c}::DECIMAL(15, 2) AS l_${c}`);
await connection.run(`COPY (SELECT * REPLACE (${decimals}) FROM read_csv('${name}.csv'))
	TO '${name}.parquet' (FORMAT parquet, COMPRESSION zstd)`);

// verify.js: the audit chain of the pet platform verified as its own application would: one cursor
//
// usage: node verify.js CONNINFO-URL    (TZ is the zone of the column "timestamp")
"use strict";

const { createHash } = require("node:crypto");
const { Client } = require("pg");

const AT_ONCE = 5000;
const COLUMNS = [
  "action", "ipAddress", "legalBasis", "metadata", "previousHash", "purpose", "resource",
  "resourceId", "timestamp", "userAgent", "userId",
];

// What the application hashes: JSON.stringify with the sorted names of the members that there are.
function hashOf(row) {
  const entry = {};
  for (const name of COLUMNS)
    if (row[name] !== null)
      entry[name] = row[name];
  return createHash("sha256").update(JSON.stringify(entry, Object.keys(entry).sort())).digest("hex");
}

async function main() {
  const client = new Client({ connectionString: process.argv[2] });
  const hashes = new Set(), previous = new Set();
  let rows = 0, firsts = 0, wrong = 0;

  await client.connect();
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  await client.query("DECLARE entries NO SCROLL CURSOR FOR SELECT hash, " +
    COLUMNS.map((name) => `"${name}"`).join(", ") + " FROM public.audit_logs");
  for (;;) {
    const { rows: batch } = await client.query(`FETCH ${AT_ONCE} FROM entries`);
    if (batch.length === 0)
      break;
    for (const row of batch) {
      rows++;
      wrong += hashOf(row) !== row.hash;
      hashes.add(row.hash);
      if (row.previousHash === null)
        firsts++;
      else
        previous.add(row.previousHash);
    }
  }
  await client.end();

  // One path: each hash once, each claimed at most once, and only hashes that are there.
  let broken = firsts !== 1 || hashes.size !== rows || previous.size !== rows - 1;
  for (const hash of previous)
    broken ||= !hashes.has(hash);
  console.log(`${rows} rows, ${wrong} wrong${broken ? ", links broken" : ""}`);
  process.exit(wrong || broken ? 1 : 0);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});

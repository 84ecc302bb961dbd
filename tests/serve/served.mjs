// What the parts in JavaScript share: the server's addresses, the rows with what R predicts of them, and named steps.
import assert from 'node:assert/strict';
import fs from 'node:fs';

const here = process.env.SCORIA_SERVE_TESTS;
export const url = process.env.SCORIA_SERVE_URL;
export const secureUrl = process.env.SCORIA_SERVE_SECURE_URL;
export const user = { username: process.env.SCORIA_SERVE_USER, password: process.env.SCORIA_SERVE_PASSWORD };

export const csv = (name) => fs.readFileSync(`${here}/${name}`, 'utf8');
const records = (name) => {
  const [head, ...lines] = csv(name).trim().split('\n').map((line) => line.split(',').map((word) => word.replace(/^"|"$/g, '')));
  return lines.map((line) => Object.fromEntries(line.map((word, i) => [head[i], word])));
};
const value = (name, text) => (name === 'lift' ? text === 'TRUE' : name === 'heating' ? text : Number(text));
export const rows = records('rows.csv').map((row) => Object.fromEntries(Object.entries(row).map(([name, text]) => [name, value(name, text)])));
export const expected = (service) => records('expected.csv').map((row) => Number(row[service]));
// By columns, as ML Server's data frames are.
export const columns = Object.fromEntries(Object.keys(rows[0]).map((name) => [name, rows.map((row) => row[name])]));

let failed = 0;
export async function step(name, body) {
  try {
    await body();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.error(`FAIL  ${name}\n${error.stack}`);
  }
}
export const done = () => process.exit(failed ? 1 : 0);
export { assert };

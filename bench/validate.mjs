// What checking specs costs: 1,000 specs read and held to every rule, as a ratio to what the yaml package needs to parse
// them. The two take turns; the ratio is the median of the rounds'.
//
//   node bench/validate.mjs [ROUNDS]
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'rolldown';
import { parseAllDocuments } from 'yaml';

const rounds = Number(process.argv[2] ?? 15);
const goal = 10;
const root = path.join(import.meta.dirname, '..');
const specs = path.join(root, 'test', 'fixtures', 'specs');
const output = mkdtempSync(path.join(os.tmpdir(), 'localrun-bench-'));

/** The specs of a kind, repeated to 1,000. */
function thousand(kind) {
  const names = readdirSync(path.join(specs, kind)).filter((name) => !name.endsWith('.expected'));
  const texts = names
    .map((name) => readFileSync(path.join(specs, kind, name), 'utf8'))
    .filter((t) => t.length < 10_000);
  return Array.from({ length: 1000 }, (_, i) => texts[i % texts.length]);
}

/** CPU time of a function in ms. */
function cpu(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

try {
  const file = path.join(output, 'read.mjs');
  await build({
    input: path.join(root, 'src/model/spec/read.ts'),
    platform: 'node',
    output: { file },
    logLevel: 'silent',
  });
  const { readJobs } = await import(file);
  for (const kind of ['good', 'odd', 'bad']) {
    const texts = thousand(kind);
    const parse = () => texts.forEach((text) => parseAllDocuments(text));
    const check = () => texts.forEach((text) => readJobs('spec', text));
    const measured = Array.from({ length: rounds + 2 }, () => [cpu(parse), cpu(check)]).slice(2);
    const [parsing, checking] = [0, 1].map((i) => median(measured.map((round) => round[i])));
    const ratio = median(measured.map(([p, c]) => c / p));
    console.log(
      `1,000 ${kind} specs: parsed in ${parsing.toFixed(0)} ms, checked in ${checking.toFixed(0)} ms, ratio ${ratio.toFixed(2)} (goal <= ${goal})`,
    );
    if (ratio > goal) process.exitCode = 1;
  }
} finally {
  rmSync(output, { recursive: true });
}

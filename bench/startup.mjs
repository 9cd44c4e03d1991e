// What a start costs: CPU and wall time of short commands as ratios to `node -e 0`, which other load moves less than
// the times themselves. The commands take turns; a ratio is the median of the rounds'. Needs a build and bash.
//
//   node bench/startup.mjs [ROUNDS]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const rounds = Number(process.argv[2] ?? 21);
const program = path.join(import.meta.dirname, '..', 'bin', 'localrun.js');
const home = mkdtempSync(path.join(os.tmpdir(), 'localrun-bench-'));
const env = { ...process.env, LOCALRUN_HOME: home, TIMEFORMAT: '%U %S %R' };

/** CPU and wall time of a node process in ms. */
function measure(args) {
  const script = 'time "$0" "$@" >/dev/null 2>&1';
  const { stderr } = spawnSync('bash', ['-c', script, process.execPath, ...args], { env, encoding: 'utf8' });
  const [user, system, wall] = stderr.trim().split(' ').map(Number);
  return { cpu: (user + system) * 1000, wall: wall * 1000 };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

const commands = [
  { name: 'node -e 0', args: ['-e', '0'] },
  { name: 'localrun --version', args: [program, '--version'], goal: 1.3 },
  { name: 'localrun --help', args: [program, '--help'], goal: 1.5 },
  { name: 'localrun jobs list', args: [program, 'jobs', 'list'], goal: 1.9 },
];

try {
  measure([program, 'jobs', 'create', 'nightly', '--image', 'example']);
  const runs = Array.from({ length: rounds }, () => commands.map(({ args }) => measure(args)));
  const row = (...cells) => console.log(cells.map((cell, i) => (i ? cell.padStart(11) : cell.padEnd(20))).join(''));
  row('', 'CPU ms', 'CPU ratio', 'goal', 'wall ms', 'wall ratio');
  for (const [i, { name, goal }] of commands.entries()) {
    const of = (kind) => median(runs.map((round) => round[i][kind])).toFixed(0);
    const ratio = (kind) => median(runs.map((round) => round[i][kind] / round[0][kind])).toFixed(2);
    row(name, of('cpu'), ratio('cpu'), goal ? `<= ${goal}` : '', of('wall'), ratio('wall'));
  }
} finally {
  rmSync(home, { recursive: true });
}

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readCommandLine } from '../../src/cli/command/command-line.js';
import type { Open } from '../../src/cli/command/command.js';
import type { Context } from '../../src/cli/command/context.js';
import { buildProgram, checkLine } from '../../src/cli/command/program.js';
import type { Io } from '../../src/cli/io.js';
import { testIo } from './io.js';
import { tempDirectory } from './temp.js';

/** The words that a shell makes of the command lines of localrun in a line of a script, without `localrun`. */
export const localrunLines = (line: string): string[][] =>
  line
    .replace(/ +# .*/, '')
    .split(/ \| | && /)
    .flatMap((part) => {
      const [, words] = /^(?:[A-Z_]+=\S+ )*localrun (.*?)(?: > .*)?$/.exec(part.trim()) ?? [];
      if (words === undefined) return [];
      return [[...words.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''))];
    });

/** The surroundings of command lines in documentation, with the files that they name. */
export function surroundings(): Io {
  const home = tempDirectory();
  const spec = 'name: nightly\ntemplate: { template: { containers: [{ image: i }] } }\n';
  const files = {
    ...{ 'job.yaml': spec, 'migrate.yaml': spec, '.env': 'A=1\n', 'local.env': 'A=1\n', 'policy.yaml': '' },
    'compose.yaml': composeFile('etl'),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(home, name), text);
  mkdirSync(path.join(home, 'reports'));
  return testIo(home, { stdin: spec });
}

const composeFile = (service: string): string => `services: { ${service}: { image: i } }\n`;

/** Parses a command line to its end, and reads its files, without running it. @throws what the parser does */
export async function parseLine(words: readonly string[], surrounding: Io): Promise<void> {
  // What others read on stdin is a job spec; this makes one.
  const io = words[0] === 'init' ? testIo(surrounding.cwd, { stdin: composeFile('nightly') }) : surrounding;
  const open: Open = async (_flags, _place, parseRest) => {
    await parseRest({ io } as Context);
    return undefined;
  };
  const line = await readCommandLine(words, io);
  const program = await buildProgram(io, '', open, line);
  await checkLine(program, line);
  await program.tree.parseAsync(line.args, { from: 'user' });
}

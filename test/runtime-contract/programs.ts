import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import type { AttemptContainer } from '../../src/runtime/port.js';
import type { Behaviour } from '../support/fake-runtime.js';

/** What a container does: as a shell script, and as a behaviour of the runtime in memory. */
export interface Program {
  script: string;
  acts: (container: AttemptContainer) => Behaviour;
}

/** All byte values, line ends among them, with no line end after the last. */
export const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const octal = [...everyByte].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');

export const lines = 50_000;
export const longLine = 1_000_000;
const numbers = Array.from({ length: lines }, (_, i) => `${i + 1}\n`).join('');

/** Where programs that count their runs mount the directory for it. */
export const runsPath = '/runs';

/** Adds a line to the file $NAME, if it is set, and prints an id that is unique to this run. */
const onRecord = `[ -z "$NAME" ] || echo run >> ${runsPath}/$NAME; cat /proc/sys/kernel/random/uuid`;
const recorded = ({ env }: AttemptContainer): string => {
  const { RUNS = '', NAME } = env;
  if (NAME !== undefined) appendFileSync(path.join(RUNS, NAME), 'run\n');
  return `${randomUUID()}\n`;
};

export const programs = {
  succeed: { script: 'exit 0', acts: () => ({ ms: 1 }) },
  /** Prints its variables, arguments and working directory. */
  tell: {
    script: 'printf "%s\\n" "$A" "$B" "$@" "$(pwd)"',
    acts: ({ env, args = [], workingDir = '' }) => ({
      ms: 1,
      writes: { stdout: [env['A'], env['B'], ...args.slice(1), workingDir].map((word) => `${word}\n`).join('') },
    }),
  },
  /** Lines on stdout, bytes on stderr. */
  write: {
    script: `seq 1 ${lines}; head -c ${longLine} /dev/zero | tr '\\0' x >&2; printf '${octal}' >&2; exit 3`,
    acts: () => ({
      ms: 1,
      exitCode: 3,
      writes: { stdout: numbers, stderr: Buffer.concat([Buffer.alloc(longLine, 'x'), everyByte]) },
    }),
  },
  /** Dies of a signal. */
  crash: { script: `sh -c 'kill -SEGV $$'; exit $?`, acts: () => ({ ms: 1, exitCode: 139 }) },
  /** Exceeds its memory limit, but not at once: containerd only watches memory after the start. */
  gorge: {
    script: 'sleep 0.3; exec dd if=/dev/zero of=/dev/null bs=200M count=1',
    acts: () => ({ ms: 1, exitCode: 137, oomKilled: true }),
  },
  /** Answers after a while, and exits with 0 when stopped. */
  serve: {
    script: `trap 'echo stopped; exit 0' TERM; sleep 0.5; nc -ll -p 8080 -e echo served & wait`,
    acts: () => ({ ms: 60_000, up: 100, onTerm: { exitCode: 0, writes: { stdout: 'stopped\n' } } }),
  },
  /** Prints the answer of `serve`. */
  ask: { script: 'nc 127.0.0.1 8080 < /dev/null', acts: () => ({ ms: 1, writes: { stdout: 'served\n' } }) },
  fail: { script: 'exit 4', acts: () => ({ ms: 1, exitCode: 4 }) },
  /** Runs until it is stopped. */
  obey: {
    script: `trap 'echo bye; exit 7' TERM; echo ready; sleep 60 & wait`,
    acts: () => ({
      ms: 60_000,
      up: Infinity,
      writes: { stdout: 'ready\n' },
      onTerm: { exitCode: 7, writes: { stdout: 'bye\n' } },
    }),
  },
  ignore: {
    script: `trap 'echo no' TERM; echo ready; while :; do sleep 0.1; done`,
    acts: () => ({ ms: 60_000, writes: { stdout: 'ready\n' }, onTerm: { writes: { stdout: 'no\n' } } }),
  },
  /** These count their runs: one exits at once, one runs until it is stopped. */
  runBriefly: {
    script: `${onRecord}; echo end >&2; exit 5`,
    acts: (container) => ({ ms: 5, exitCode: 5, writes: { stdout: recorded(container), stderr: 'end\n' } }),
  },
  run: {
    script: `trap 'echo bye; exit 7' TERM; ${onRecord}; sleep 60 & wait`,
    acts: (container) => ({
      ms: 60_000,
      writes: { stdout: recorded(container) },
      onTerm: { exitCode: 7, writes: { stdout: 'bye\n' } },
    }),
  },
} satisfies Record<string, Program>;

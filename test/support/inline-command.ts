import { createRequire } from 'node:module';
import path from 'node:path';
import type { Io } from '../../src/cli/io.js';
import type * as Program from '../../src/main.js';
import { repository, type Result, RunningCommand } from './cli.js';
import { testOutput } from './io.js';

// The build, as bin/localrun.js has it: a process loads it once.
const { main, systemIo } = createRequire(import.meta.url)('../../dist/main.cjs') as typeof Program;
const system = systemIo(path.join(repository, 'bin', 'localrun.js'));

/** A command in the process of the test, with an owner of its own: what it leaves behind, other commands may take over. */
export class InlineCommand extends RunningCommand {
  readonly ended: Promise<Result>;

  constructor(args: readonly string[], env: Record<string, string | undefined>, cwd = repository) {
    super();
    this.ended = this.#run(args, env, cwd);
  }

  async #run(args: readonly string[], env: Record<string, string | undefined>, cwd: string): Promise<Result> {
    const output = (name: 'stdout' | 'stderr'): Io['out'] => testOutput((text) => (this[name] += text), { env });
    const io: Io = {
      ...system,
      env,
      variables: env,
      cwd,
      out: output('stdout'),
      err: output('stderr'),
      interactive: false,
      readInput: async () => '',
      ask: async () => undefined,
      onSignal: () => () => {},
      onHangup: () => () => {},
      exit: (code) => {
        throw new Error(`${args.join(' ')} ends the process with ${code}`);
      },
      owner: { ...system.owner, token: crypto.randomUUID() },
    };
    const exitCode = await main(args, io);
    return { exitCode, stdout: this.stdout, stderr: this.stderr };
  }
}

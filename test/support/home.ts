import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { test as base } from 'vitest';
import { homeLabel, labels } from '../../src/runtime/docker/attempts/names.js';
import { isCompleted } from '../../src/model/execution.js';
import { LogDecoder } from '../../src/model/log-lines.js';
import type { Container } from '../../src/model/schema/container.js';
import type { Execution, ExecutionTemplate, Job, Task, TaskTemplate } from '../../src/model/schema/job.js';
import { Command, repository, type Result, signal, until } from './cli.js';
import { client, docker, removeContainers } from './client.js';
import { EngineEvents } from './engine-events.js';
import { InlineCommand } from './inline-command.js';

interface Surroundings {
  env?: Record<string, string>;
  cwd?: string;
}

type Spec = Omit<ExecutionTemplate & TaskTemplate & Container, 'template' | 'containers' | 'image'> & {
  image?: string;
};

type TemplateSpec = Omit<ExecutionTemplate & TaskTemplate, 'template' | 'containers'> & {
  containers: readonly (Omit<Container, 'image'> & { image?: string })[];
};

/** A state directory of its own, the commands that run on it, and the containers that carry its label. */
export class Home {
  readonly #root = mkdtempSync(path.join(os.tmpdir(), 'localrun-test-'));
  readonly directory = path.join(this.#root, 'state');
  readonly #label = `label=${labels.home}=${homeLabel(this.directory)}`;
  #events: EngineEvents | undefined;
  #config: string | undefined;

  /** A command as a process of its own: for what ends, stops or looks at that process, or does not end by itself. */
  start(args: readonly string[], { env, cwd }: Surroundings = {}): Command {
    return new Command(args, { ...this.#env(), ...env }, cwd);
  }

  /** A command of the same program in the process of the test, which takes a tenth of the CPU time to start. */
  inline(args: readonly string[], { env, cwd }: Surroundings = {}): InlineCommand {
    return new InlineCommand(args, { ...this.#env(), ...env }, cwd);
  }

  run(args: readonly string[], surroundings: Surroundings = {}): Promise<Result> {
    return this.inline(args, surroundings).ended;
  }

  /** All that a terminal gets from a command, its own control sequences included; `typed` is typed there. Linux only. */
  async onTerminal(args: readonly string[], env: Record<string, string> = {}, typed?: string): Promise<string> {
    const words = [process.execPath, path.join(repository, 'bin', 'localrun.js'), ...args];
    const line = words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
    const { stdout } = await execa('script', ['-qec', line, '/dev/null'], {
      env: { ...this.#env(), TERM: 'xterm-256color', ...env },
      ...{ extendEnv: false, reject: false, stripFinalNewline: false, stderr: 'inherit' },
      ...(typed === undefined ? { stdin: 'ignore' } : { input: typed }),
    });
    return stdout;
  }

  #env(): Record<string, string | undefined> {
    // What surrounds the tests must not steer the command under test.
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(LOCALRUN_|CLOUDSDK_|GITHUB_|VITEST|FORCE_COLOR|NO_COLOR|CI$|NODE_OPTIONS)/.test(name),
    );
    const ours = { LOCALRUN_HOME: this.directory, LOCALRUN_CONFIG: this.#config, LOCALRUN_DOCKER: client };
    return { ...Object.fromEntries(own), ...ours };
  }

  /** What a command that succeeds prints with --format=json. */
  async #json<T>(...args: string[]): Promise<T> {
    const { stdout, stderr, exitCode } = await this.run([...args, '--format=json']);
    if (exitCode !== 0) throw new Error(`localrun ${args.join(' ')} has failed: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  job(name: string): Promise<Job> {
    return this.#json('jobs', 'describe', name);
  }

  execution(name: string): Promise<Execution> {
    return this.#json('jobs', 'executions', 'describe', name);
  }

  executions(): Promise<Execution[]> {
    return this.#json('jobs', 'executions', 'list');
  }

  tasks(execution: string): Promise<Task[]> {
    return this.#json('jobs', 'executions', 'tasks', 'list', '--execution', execution);
  }

  /** The execution once all processes that work on this home have ended, workers among them. */
  async completed(name: string): Promise<Execution> {
    await this.quiet();
    const execution = await this.execution(name);
    if (isCompleted(execution)) return execution;
    const log = path.join(this.directory, 'workers', `${name}.log`);
    const said = existsSync(log) ? readFileSync(log, 'utf8') : 'nothing';
    throw new Error(`[${name}] has not ended, and nobody runs it. Its worker has said:\n${said}`);
  }

  /** Writes the spec of a job with one container, of busybox unless it names another image, and returns the file. */
  spec(
    name: string,
    { taskCount, parallelism, maxRetries, timeout, terminationGracePeriod, ...container }: Spec,
  ): string {
    const task = { maxRetries, timeout, terminationGracePeriod };
    return this.template(name, { taskCount, parallelism, ...task, containers: [container] });
  }

  /** As `spec`, with several containers, or with volumes. */
  template(name: string, { taskCount, parallelism, containers, ...more }: TemplateSpec): string {
    const template = {
      ...more,
      containers: containers.map((container) => ({ image: 'localrun/busybox:latest', ...container })),
    };
    const file = this.file(`${name}.json`);
    writeFileSync(file, JSON.stringify({ name, template: { taskCount, parallelism, template } }));
    return file;
  }

  /** The path of a file or directory of the test's own. */
  file(name: string): string {
    return path.join(this.#root, name);
  }

  /** Writes the localrun.yaml of the commands that follow, beside the specs, and returns its path. */
  config(yaml: string): string {
    this.#config = this.file('localrun.yaml');
    writeFileSync(this.#config, yaml);
    return this.#config;
  }

  /** As `spec`, of a shell script. */
  script(name: string, script: string, spec: Spec = {}): string {
    return this.spec(name, { command: ['sh', '-c', script], ...spec });
  }

  /** A directory of the test's own. */
  scratch(name: string): string {
    const directory = this.file(name);
    mkdirSync(directory);
    return directory;
  }

  /** The lines that an attempt has written, as they are kept; of the container with that label, or of the main one. */
  log(execution: string, task = 0, attempt = 0, stream: 'stdout' | 'stderr' = 'stdout', container?: string): string[] {
    const directory = path.join(this.directory, 'logs', 'local-project', 'us-central1', execution);
    const decoder = new LogDecoder();
    const suffix = container === undefined ? '' : `.${container}`;
    const bytes = readFileSync(path.join(directory, `task${task}-attempt${attempt}${suffix}.${stream}`));
    return [...decoder.push(bytes), ...decoder.end()].map(({ text }) => text);
  }

  /** The file of a log. */
  logFile(execution: string, task = 0, attempt = 0, stream: 'stdout' | 'stderr' = 'stdout'): string {
    const directory = path.join(this.directory, 'logs', 'local-project', 'us-central1', execution);
    return path.join(directory, `task${task}-attempt${attempt}.${stream}`);
  }

  /** Every byte that an attempt has written, as it is kept: the file without the times before its lines. */
  bytes(execution: string, task = 0, stream: 'stdout' | 'stderr' = 'stdout'): Buffer {
    const file = readFileSync(this.logFile(execution, task, 0, stream));
    const parts: Buffer[] = [];
    for (let at = 0; at < file.length;) {
      const end = file.indexOf('\n', at) + 1 || file.length;
      parts.push(file.subarray(file.indexOf(' ', at) + 1, end));
      at = end;
    }
    return Buffer.concat(parts);
  }

  /** Names of the containers of this home, in any state. */
  containers(): string[] {
    return docker('ps', '--all', '--filter', this.#label, '--format', '{{.Names}}').split('\n').filter(Boolean);
  }

  /** Kills the containers of tasks. */
  kill(): void {
    docker('kill', ...this.containers().filter((name) => !name.includes('-sandbox')));
  }

  /** Names of the volumes of this home. */
  volumes(): string[] {
    return docker('volume', 'ls', '--filter', this.#label, '--format', '{{.Name}}').split('\n').filter(Boolean);
  }

  /** Ids of the images that shells of this home have made. */
  images(): string[] {
    return docker('image', 'ls', '--filter', this.#label, '--format', '{{.ID}}').split('\n').filter(Boolean);
  }

  /** What is left of what executions need besides containers. */
  leftovers(): string[] {
    const directory = path.join(this.directory, 'run');
    return existsSync(directory) ? readdirSync(directory) : [];
  }

  /** What the engine does with the containers of this home, from the first call on. */
  events(): EngineEvents {
    return (this.#events ??= new EngineEvents(labels.home, homeLabel(this.directory)));
  }

  /** Every process that works on this home, or those of the given ones: commands, workers, clients of the engine. */
  processes(among: readonly string[] = readdirSync('/proc')): { pid: number; args: string[] }[] {
    const mark = `LOCALRUN_HOME=${this.directory}\0`;
    return among
      .filter((entry) => /^\d+$/.test(entry))
      .flatMap((pid) => {
        try {
          if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)) return [];
          return [{ pid: Number(pid), args: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0') }];
        } catch {
          // It has ended meanwhile, or is not ours to look at.
          return [];
        }
      });
  }

  /** Waits until every process that works on this home has ended, for as long as new ones show that work gets done. */
  async quiet(): Promise<void> {
    let known: ReturnType<Home['processes']> = [];
    let looked = 0;
    const list = (): string => known.map(({ pid, args }) => `${pid} ${args.join(' ')}`).join('\n');
    const isQuiet = (): boolean => {
      // To look at all processes of the machine takes 10 ms of CPU time: once a second, while a known one is there.
      const last = this.processes(known.map(({ pid }) => String(pid)));
      if (last.length > 0 && Date.now() - looked < 1000) return false;
      known = this.processes();
      looked = Date.now();
      return known.length === 0;
    };
    await until(isQuiet, list, list);
  }

  /** Kills every process that works on this home. */
  killProcesses(): void {
    for (const { pid } of this.processes()) signal(pid, 'SIGKILL');
  }

  /** Ends what a failed test has left running, and fails if there is a container or anything else left. */
  async close(): Promise<void> {
    await this.quiet().catch(() => this.killProcesses());
    this.#events?.close();
    const containers = this.containers();
    if (containers.length > 0) removeContainers(...containers);
    const volumes = this.volumes();
    if (volumes.length > 0) docker('volume', 'rm', '--force', ...volumes);
    const left = [...containers, ...volumes, ...this.leftovers()];
    rmSync(this.#root, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`these are left: ${left.join(', ')}`);
  }
}

/** A test with a home of its own, of which nothing may be left at its end. */
export const test = base.extend<{ home: Home }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest wants the pattern
  home: async ({}, use) => {
    const home = new Home();
    await use(home);
    await home.close();
  },
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { repository } from './cli.js';

interface Step {
  id?: string;
  if?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  'working-directory'?: string;
}

interface Action {
  inputs: Record<string, { default?: string }>;
  outputs: Record<string, { value: string }>;
  runs: { steps: Step[] };
}

export const action = parse(readFileSync(path.join(repository, 'action.yml'), 'utf8')) as Action;

/** The script of the step with this id. */
export function scriptOf(id: string): string {
  const script = action.runs.steps.find((step) => step.id === id)?.run;
  if (!script) throw new Error(`action.yml has no step [${id}] that runs something`);
  return script;
}

interface Ended {
  exitCode?: number | undefined;
  stderr: string;
  stdout: string;
}

/** Runs steps of action.yml as GitHub's runner does, with files of its own for what steps say to it. */
export class ActionRun {
  readonly #directory: string;
  readonly #inputs: Record<string, string>;
  readonly #env: Record<string, string | undefined>;
  readonly #outputs = new Map<string, string>();

  /** @param directory an empty directory, for the workspace and the runner's files */
  constructor(directory: string, inputs: Record<string, string>, env: Record<string, string | undefined>) {
    this.#directory = directory;
    const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? ''] as const);
    this.#inputs = { ...Object.fromEntries(defaults), ...inputs };
    this.#env = env;
    for (const name of ['workspace', 'temp']) mkdirSync(path.join(directory, name));
    for (const name of ['output', 'path', 'summary']) writeFileSync(this.#file(name), '');
  }

  get workspace(): string {
    return path.join(this.#directory, 'workspace');
  }

  #file(name: string): string {
    return path.join(this.#directory, name);
  }

  /** The directories that steps have put before the PATH. */
  get paths(): string[] {
    return readFileSync(this.#file('path'), 'utf8').split('\n').filter(Boolean);
  }

  get summary(): string {
    return readFileSync(this.#file('summary'), 'utf8');
  }

  /** An output of the action. */
  output(name: string): string {
    return this.#evaluated(action.outputs[name]?.value ?? '');
  }

  /** Whether a step's condition holds. */
  isDue({ if: condition }: Step): boolean {
    const [, expression = '', value] = /^(\S+) == '(.*)'$/.exec(condition ?? "always == 'always'") ?? [];
    return expression === 'always' || this.#value(expression) === value;
  }

  #value(expression: string): string {
    const [kind, name = '', , output = ''] = expression.split('.');
    if (expression === 'github.action_path') return repository;
    const value = kind === 'inputs' ? this.#inputs[name] : this.#outputs.get(`${name}.${output}`);
    if (value === undefined) throw new Error(`no value for ${expression}`);
    return value;
  }

  #evaluated(text: string): string {
    return text.replaceAll(/\$\{\{ (\S+) \}\}/g, (_, expression: string) => this.#value(expression));
  }

  /** Runs the step with this id, by the command line that GitHub documents for `shell: bash`. */
  async step(id: string): Promise<Ended> {
    const text = scriptOf(id);
    const step = action.runs.steps.find((candidate) => candidate.id === id);
    const script = this.#file(`${id}.sh`);
    writeFileSync(script, text);
    writeFileSync(this.#file('output'), '');
    const own = Object.entries(step?.env ?? {}).map(([name, text]) => [name, this.#evaluated(text)] as const);
    const ended = await execa('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: path.resolve(this.workspace, this.#evaluated(step?.['working-directory'] ?? '.')),
      env: {
        ...this.#env,
        PATH: [...this.paths, this.#env['PATH'] ?? process.env['PATH']].join(path.delimiter),
        ...{ CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: this.#file('output'), GITHUB_PATH: this.#file('path') },
        ...{ GITHUB_STEP_SUMMARY: this.#file('summary'), RUNNER_TEMP: this.#file('temp') },
        ...Object.fromEntries(own),
      },
      ...{ extendEnv: false, reject: false, stdin: 'ignore' },
    });
    for (const line of readFileSync(this.#file('output'), 'utf8').split('\n')) {
      const at = line.indexOf('=');
      if (at > 0) this.#outputs.set(`${id}.${line.slice(0, at)}`, line.slice(at + 1));
    }
    return ended;
  }
}

/** What a step without `run` is. */
export const used = action.runs.steps.filter((step) => step.uses !== undefined);

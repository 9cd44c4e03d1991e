import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli } from '../support/io.js';

const completions = path.join(import.meta.dirname, '..', '..', 'completions');
const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;

/** The words that a script prints which asks a shell how it would complete a line. */
function offered(command: string, script: string, ...args: string[]): string[] {
  const { stdout, stderr } = spawnSync(command, ['-c', script, ...args], { cwd: completions, encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

/** In each, `localrun` is a function that knows two jobs and two executions, and completing a file prints `files`. */
const shells: Record<string, (line: string) => string[]> = {
  bash: (line) =>
    offered(
      'bash',
      `source ./localrun.bash
localrun() { if [[ $1 == __complete ]]; then printf '%s-1\\n%s-2\\n' "$2" "$2"; fi; }
compopt() { echo files; }
read -ra COMP_WORDS <<< "\${1//=/ = }"
if [[ $1 == *' ' ]]; then COMP_WORDS+=(''); fi
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_localrun
printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      line,
    ),
  zsh: (line) =>
    offered(
      'zsh',
      `compdef() {}
source ./_localrun
localrun() { if [[ $1 == __complete ]]; then print -l $2-1 $2-2; fi }
_describe() { if [[ $1 == -o ]]; then shift; fi; items=(\${(@P)2}); items=(\${items%%:*}); compadd -a items }
compadd() { print -l -- \${(M)items:#$PREFIX*} }
compset() { PREFIX=\${PREFIX#*=} }
_files() { print files }
words=("\${(@s: :)1}")
CURRENT=$#words
PREFIX=$words[-1]
_localrun`,
      'zsh',
      line,
    ),
  fish: (line) =>
    offered(
      'fish',
      `source ./localrun.fish
function localrun; printf '%s-1\\n%s-2\\n' $argv[2] $argv[2]; end
complete -C $argv[1] | string replace -r '\\t.*' '' | string replace -r '.*=' '' | string replace 'localrun.fish' files`,
      line,
    ),
};

describe.each(Object.keys(shells))('completion in %s', (name) => {
  test.skipIf(!has(name)).each<[line: string, words: string[]]>([
    ['localrun ', ['completion', 'config', 'debug', 'doctor', 'help', 'init', 'jobs', 'prune', 'serve', 'worker']],
    ['localrun j', ['jobs']],
    ['localrun --v', ['--version']],
    ['localrun jobs exec', ['execute', 'executions']],
    ['localrun jobs executions tasks ', ['describe', 'list']],
    ['localrun jobs create --f', ['--file', '--flags-file', '--flatten', '--format']],
    ['localrun jobs describe ', ['job-1', 'job-2']],
    ['localrun jobs describe job-1 --q', ['--quiet']],
    ['localrun jobs executions cancel ', ['execution-1', 'execution-2']],
    ['localrun jobs executions list --job ', ['job-1', 'job-2']],
    ['localrun jobs executions list --job jobs --qu', ['--quiet']],
    ['localrun jobs executions tasks list --execution=', ['execution-1', 'execution-2']],
    ['localrun jobs list --format=j', ['json']],
    ['localrun jobs list --api-version ', ['v1', 'v2']],
    ['localrun jobs list --region ', []],
    ['localrun jobs list --region=us --pro', ['--project']],
    ['localrun completion ', ['bash', 'fish', 'zsh']],
    ['localrun help jobs exec', ['execute', 'executions']],
    ['localrun jobs run -f localrun.f', ['files']],
    ['localrun jobs run --file=localrun.f', ['files']],
    ['localrun jobs replace localrun.f', ['files']],
  ])('%s', (line, words) => {
    expect(shells[name]?.(line).toSorted()).toEqual(words);
  });
});

test('the names of jobs are those that there are', async () => {
  const { run } = cli();
  expect(await run('__complete job')).toEqual({ code: 0, stdout: '', stderr: '' });
  await run('jobs create nightly --image i');
  await run('jobs create hourly --image i');
  expect(await run('__complete job')).toEqual({ code: 0, stdout: 'hourly\nnightly\n', stderr: '' });
  expect(await run('__complete execution')).toEqual({ code: 0, stdout: '', stderr: '' });
});

test.each(['bash', 'zsh', 'fish'])('completion %s prints the script of the shell', async (shell) => {
  const { stdout } = await cli().run(`completion ${shell}`);
  expect(stdout).toContain(`made by \`localrun completion ${shell}\``);
});

test('completion without a shell says how to install it, as its help does', async () => {
  const { code, stdout } = await cli().run('completion');
  expect(code).toBe(0);
  expect(stdout).toContain(`\n  zsh    echo 'eval "$(localrun completion zsh)"' >> ~/.zshrc\n`);
  expect((await cli().run('completion --help')).stdout).toContain(stdout);
});

test('completion knows three shells', async () => {
  const { code, stderr } = await cli().run('completion tcsh');
  expect(code).toBe(2);
  expect(stderr).toContain('bash, zsh, fish');
});

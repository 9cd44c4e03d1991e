import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Scenario } from './scenario.js';

/** What a terminal acts on, or reorders text by; each would do something if it came through. */
const controls = {
  clear: '\u{1b}[2J',
  up: '\u{1b}[9A',
  clipboard: '\u{1b}]52;c;ZXZpbA==\u{7}',
  title: '\u{1b}]0;title\u{1b}\\',
  link: '\u{1b}]8;;http://x\u{7}',
  report: '\u{1b}[6n',
  device: '\u{1b}Pq',
  reset: '\u{1b}c',
  'CSI of C1': '\u{9b}2J',
  'OSC of C1': '\u{9d}0;t\u{9c}',
  'next line': '\u{85}',
  delete: '\u{7f}',
  backspace: '\b\b',
  bell: '\u{7}',
  'form feed': '\v\f',
  'carriage return': '\rover',
  'right to left': '\u{202e}\u{2067}',
  isolates: '\u{2066}\u{2069}\u{200f}\u{61c}',
  'line separator': '\u{2028}\u{2029}',
  'colour without end': '\u{1b}[31mred',
};
const evil = Object.values(controls).join('|');
const sgr = new RegExp(String.raw`\x1b\[[\d;]*m`, 'g');

/** The lines of a text that a terminal would act on, but for colour that ends with its line. */
const harmful = (text: string, colour: boolean): string[] =>
  text.split('\n').filter((line) => {
    const colours = line.match(sgr) ?? [];
    if (/[\p{Cc}\p{Bidi_C}\u2028\u2029]/u.test(line.replaceAll(sgr, '').replaceAll('\t', ''))) return true;
    return colours.length > 0 && !(colour && colours.at(-1) === '\u{1b}[0m');
  });

const container = { image: 'localrun/busybox:latest', args: [evil], env: [{ name: 'EVIL', value: evil }] };
const job = (more: object): object => ({
  name: 'evil',
  annotations: { evil },
  template: { template: { maxRetries: 0, containers: [{ ...container, ...more }] } },
});

/** Everything that is printed has come from a file, a flag, a container or the engine. */
async function hostileScenario(): Promise<Scenario> {
  const scenario = new Scenario(({ image }) =>
    image === 'sha256:1' ? { prints: evil, ms: 1 } : { startError: `no such file: ${evil}` },
  );
  scenario.runtime.images.set('broken:1', { id: 'sha256:2', digest: undefined, platform: 'linux/amd64' });
  await scenario.ok(['jobs', 'create', '-f', scenario.file('evil.json', JSON.stringify(job({})))]);
  const broken = { ...job({ image: 'broken:1' }), name: 'broken' };
  await scenario.ok(['jobs', 'create', '-f', scenario.file('broken.json', JSON.stringify(broken))]);
  await scenario.ok(['jobs', 'execute', 'evil', '--wait']);
  await scenario.run(['jobs', 'execute', 'broken', '--wait']);
  scenario.file('keys.json', JSON.stringify({ ...job({}), [evil]: 1 }));
  scenario.file('values.json', JSON.stringify({ name: 'x', template: { taskCount: evil } }));
  scenario.file('quoted.yaml', `name: x\ntemplate: {taskCount: "${evil.replaceAll(/[\\"]/g, '\\$&')}"}\n`);
  scenario.file('flags.yaml', JSON.stringify({ [evil]: 1 }));
  scenario.file('env.yaml', JSON.stringify({ [evil]: 1 }));
  scenario.file('policy.json', JSON.stringify({ bindings: [{ role: evil, members: [evil] }] }));
  scenario.file('localrun.yaml', JSON.stringify({ buckets: { b: `/${evil}` } }));
  return scenario;
}

const args = 'template.template.containers[0].args';
const describeAs = (...formats: string[]): string[][] =>
  formats.map((format) => ['jobs', 'describe', 'evil', `--format=${format}`]);

const commands = ([execution = '', failed = '']: readonly string[]): string[][] => [
  ['jobs', 'describe', 'evil'],
  ...describeAs('json', 'yaml', 'export', 'flattened', 'text', 'config', 'config[export]', 'object'),
  ...['value', 'get', 'csv', 'csv[no-quote]', 'table', 'table[box,title="x"]', 'list', 'json', 'yaml'].flatMap(
    (printer) => describeAs(`${printer}(${args})`),
  ),
  ...describeAs(`table(${args}:wrap)`, `multi[separator=","](${args}:format=json, ${args}:format="value(.)")`),
  ['jobs', 'list', '--format=table(annotations.evil)'],
  ['jobs', 'list', `--format=table(name:label="${evil}")`],
  ['jobs', 'validate', 'keys.json'],
  ['jobs', 'validate', 'keys.json', '--format=json'],
  ['jobs', 'validate', 'values.json'],
  ['jobs', 'validate', 'quoted.yaml'],
  ['jobs', 'validate', `${evil}.yaml`],
  ['jobs', 'replace', 'keys.json'],
  ['jobs', 'describe', evil],
  ['jobs', evil],
  ['jobs', 'list', `--${evil}`],
  ['jobs', 'list', `--format=${evil}`],
  ['jobs', 'list', `--filter=${evil}(`],
  ['jobs', 'list', `--sort-by=a(${evil}`],
  ['jobs', 'list', '--filter', `name~"(${evil}"`],
  ['jobs', 'logs', 'read', 'evil', `--log-filter=severity>="${evil}"`],
  ['jobs', 'create', 'x', '--image=i', `--set-env-vars==${evil}`],
  ['jobs', 'create', 'x', '--image=i', '--env-vars-file=env.yaml'],
  ['jobs', 'create', 'x', `--flags-file=flags.yaml`],
  ['jobs', 'set-iam-policy', 'evil', 'policy.json'],
  ['jobs', 'test-iam-permissions', 'evil', evil],
  ['jobs', 'run', evil],
  ['config', 'explain'],
  ['jobs', 'executions', 'describe', execution],
  ['jobs', 'executions', 'describe', failed],
  ['jobs', 'executions', 'tasks', 'list', '--execution', failed, '--format=yaml'],
  ['jobs', 'executions', 'tasks', 'describe', `${failed}-task0`],
  ['jobs', 'execute', 'broken', '--wait'],
  ['jobs', 'logs', 'read', 'evil'],
  ...['json', 'yaml', 'value(textPayload)', 'table(textPayload)'].map((format) => [
    ...['jobs', 'logs', 'read', 'evil', `--format=${format}`],
  ]),
  ['jobs', 'execute', 'evil', '--tail'],
  ['jobs', 'executions', 'logs', 'read', execution, '--prefix'],
];

test('what is read back from json and yaml is what it was', async () => {
  const scenario = await hostileScenario();
  const readBack = async (read: (text: string) => unknown, ...argv: string[]): Promise<unknown> =>
    read((await scenario.ok(argv)).out);
  for (const [format, read] of [
    ['json', JSON.parse],
    ['yaml', parse],
  ] as const) {
    expect(await readBack(read, ...describeAs(`${format}(annotations,${args}:alias=x)`).flat())).toMatchObject({
      annotations: { evil },
      template: { template: { containers: [{ args: [evil] }] } },
    });
    expect(
      await readBack(read, 'jobs', 'logs', 'read', 'evil', '--limit=1', '--order=asc', `--format=${format}`),
    ).toMatchObject(format === 'json' ? [{ textPayload: evil }] : { textPayload: evil });
  }
  const exported = scenario.file('exported.yaml', (await scenario.ok(describeAs('export').flat())).out);
  await scenario.ok(['jobs', 'replace', exported]);
  expect(await scenario.json(['jobs', 'describe', 'evil'])).toMatchObject({
    annotations: { evil },
    template: { template: { containers: [{ args: [evil] }] } },
  });
});

test.each([
  ['a pipe', undefined],
  ['a terminal', 80],
])('every command shows control characters, and sends none to %s', async (_, terminal) => {
  const scenario = await hostileScenario();
  scenario.terminal = terminal;
  // As a terminal of a CI service, without the live rows, which test/docker/terminal.test.ts has.
  if (terminal) scenario.env = { ...scenario.env, FORCE_COLOR: '1', CI: 'true' };
  const wrong: [argv: string[], what: unknown][] = [];
  for (const argv of commands(scenario.spawned.map((name) => name.split('/').at(-1) ?? ''))) {
    const { out, err } = await scenario.run(argv);
    const text = out + err;
    const lines = harmful(text, terminal !== undefined);
    if (lines.length > 0) wrong.push([argv, lines]);
    // What JSON and YAML have escaped once more, or in a way of their own, counts as well.
    const same = text.replaceAll('\\\\', '\\').replaceAll('\\e', '\\u001b');
    if (!same.includes('\\u001b[2J')) wrong.push([argv, text]);
  }
  expect(wrong).toEqual([]);
});

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { printable } from '../../src/model/printable.js';
import { cli, type Outcome } from '../support/io.js';
import { tempDirectory } from '../support/temp.js';

const good = `name: etl
template:
  template:
    containers:
      - image: localrun/sample:latest
`;

/** Bytes that look random and are the same in every run. */
function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(Array.from({ length }, () => (state = (state * 48271) % 2147483647) & 255));
}

const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...'bcdefghi'.split('').map((name, i) => {
    const below = `*${'abcdefgh'[i]}`;
    return `${name}: &${name} [${Array.from({ length: 9 }, () => below).join(', ')}]`;
  }),
  'name: *i',
].join('\n');

const files: [what: string, content: string | Buffer, message: RegExp][] = [
  ['malformed YAML', 'name: etl\ntemplate: [\n', /^job\.yaml:3:1: not valid YAML: /m],
  ['malformed JSON', '{"name": "etl", "template": {"taskCount": 1,,}}', /^job\.yaml:1:45: not valid YAML: /m],
  [
    'a wrong type',
    good.replace('template:', 'template:\n  taskCount: many'),
    /^job\.yaml:3:14: template\.taskCount: /m,
  ],
  ['a string for a mapping', 'name: etl\ntemplate: no\n', /^job\.yaml:2:11: template: must be a mapping, got "no"$/m],
  [
    'a mapping for a list',
    'name: etl\ntemplate: {template: {containers: {image: i}}}\n',
    /^job\.yaml:2:35: .*must be a list/m,
  ],
  ['a number for a string', 'name: 7\ntemplate: {template: {containers: [{image: i}]}}\n', /^job\.yaml:1:7: name: /m],
  [
    'an unknown field',
    good.replace('template:', 'template:\n  taskCoutn: 3'),
    /^job\.yaml:3:3: .*taskCoutn: .*\n.*\n.*\n +Did you mean taskCount\?$/m,
  ],
  [
    'a broken rule',
    good.replace('template:', 'template:\n  taskCount: 999999'),
    /^job\.yaml:3:14: template\.taskCount: /m,
  ],
  [
    'a forgotten image',
    good.replace('image:', 'name:'),
    /^job\.yaml:5:9: .*image: must provide an image name to deploy$/m,
  ],
  ['an empty file', '', /job\.yaml is empty/],
  ['nothing but a comment', '# nothing here\n---\n', /job\.yaml is empty/],
  ['10 MB', `${good}# ${'x'.repeat(10 * 1024 * 1024)}`, /larger than 1024 KiB/],
  ['an alias bomb', bomb, /is larger, or nested deeper, than can be read|must be a string/],
  ['an alias of itself', 'name: etl\ntemplate: &t {template: *t}\n', /^job\.yaml:/m],
  ['a merge of itself', 'name: etl\ntemplate: &t\n  <<: *t\n', /^job\.yaml:/m],
  ['an alias without an anchor', 'name: *nothing\n', /^job\.yaml:1:7: not valid YAML: /m],
  ['binary noise', noise(4096), /^job\.yaml:\d+:\d+: /m],
  ['binary noise of a megabyte', noise(1024 * 1024), /job\.yaml/],
  ['a NUL byte in a name', good.replace('etl', 'e\0tl'), /^job\.yaml:1:7: name: /m],
  ['nothing but NUL bytes', '\0'.repeat(100), /^job\.yaml:1:1: /m],
  ['UTF-16', Buffer.from(`\u{feff}${good}`, 'utf16le'), /job\.yaml is in UTF-16.*\nTry: save it as UTF-8$/m],
  ['UTF-16, big-endian', Buffer.from(`\u{feff}${good}`, 'utf16le').swap16(), /job\.yaml is in UTF-16/],
  ['UTF-16 without a mark', Buffer.from(good, 'utf16le'), /job\.yaml is in UTF-16/],
  ['tabs for indentation', good.replaceAll('  ', '\t'), /^job\.yaml:\d:1: not valid YAML: .*[Tt]ab/m],
  ['deep nesting of lists', '['.repeat(50_000), /job\.yaml/],
  [
    'deep nesting of mappings',
    `${Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i % 300)}a:`).join('\n')}\n`,
    /job\.yaml/,
  ],
  ['deep nesting in a job', `name: etl\ntemplate: ${'{template: '.repeat(200)}1${'}'.repeat(200)}\n`, /job\.yaml/],
  ['text', 'hello\n', /^job\.yaml:1:1: must be a mapping, got "hello"$/m],
  ['a list', '- name: etl\n', /^job\.yaml:1:1: must be a mapping, got a list$/m],
  ['a key twice', good.replace('name: etl', 'name: etl\nname: etl'), /^job\.yaml:2:1: name: is set twice$/m],
  ['two jobs', `${good}---\n${good}`, /a file holds one job, and another of 2 begins here/],
  [
    'a service',
    good.replace('name: etl', 'apiVersion: serving.knative.dev/v1\nkind: Service'),
    /^job\.yaml:2:7: this is a service, which answers requests/m,
  ],
  ['a key that is a prototype', `__proto__: {polluted: 1}\n${good}`, /^job\.yaml:1:1: __proto__: unknown field/m],
  ['a path for a name', good.replace('etl', '../../x'), /^job\.yaml:1:7: name: /m],
  ['a flag for a name', good.replace('etl', '--help'), /^job\.yaml:1:7: name: /m],
  ['a long line', good.replace('etl', 'x'.repeat(200_000)), /^job\.yaml:1:7: name: /m],
  [
    'a hundred problems',
    `name: etl\n${Array.from({ length: 100 }, (_, i) => `f${i}: 1\n`).join('')}`,
    /^and \d+ more$/m,
  ],
];

const commands = [
  'jobs create -f job.yaml',
  'jobs update -f job.yaml',
  'jobs replace job.yaml',
  'jobs run -f job.yaml',
];

test.each(files)('%s: no command stores anything, and each says where', async (_, content, message) => {
  const { run, file } = cli();
  await run('jobs create etl --image i');
  const stored = async (): Promise<Outcome[]> => [
    await run('jobs list --format json'),
    await run('jobs executions list --format json'),
  ];
  const before = await stored();
  file('job.yaml', content);
  for (const line of commands) {
    // No container engine is asked before the spec is known to be good.
    const { code, stdout, stderr } = await run(line, { env: { LOCALRUN_DOCKER: '/nonexistent/docker' } });
    // What cannot be read as one document is the command line's fault, as in gcloud.
    const unread =
      /not valid YAML|is empty|larger than|is longer, or nested|is in UTF-16|a file holds one job|got "(hello|\\u0000)/;
    const refused = { line, code: unread.test(stderr) ? 2 : 1, stdout: '', stored: before };
    expect({ line, code, stdout, stored: await stored() }).toEqual(refused);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^ERROR: \(localrun\.jobs\.\w+\) job\.yaml /);
    expect(stderr).not.toMatch(/^\s+at |bug in localrun|node:internal/m);
    expect(stderr.split('\n').filter((row) => row.length > 400)).toEqual([]);
  }
});

describe('a file that cannot be read', () => {
  test.each([
    ['is missing', 'no.yaml', 'there is no such file'],
    ['is a directory', 'directory', 'it is a directory'],
    ['has no end', '/dev/zero', 'is larger than 1024 KiB'],
  ])('because it %s', async (_, name, why) => {
    const { run, home } = cli();
    mkdirSync(path.join(home, 'directory'));
    for (const line of ['jobs create -f', 'jobs replace', 'jobs run -f']) {
      const { code, stdout, stderr } = await run(`${line} ${name}`);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(why);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
  });
});

test('a file that does not name its job', async () => {
  const { run, file } = cli();
  const { code, stderr } = await run(`jobs create -f ${file('job.yaml', good.replace('name: etl', 'labels: {}'))}`);
  expect(code).toBe(1);
  expect(stderr).toContain('Try: set its name in the file, or give it as JOB\n');
});

describe('a name that cannot be a job', () => {
  test.each([
    '../../x',
    'Etl',
    'a_b',
    '-x',
    'x-',
    'é',
    'a b',
    'x'.repeat(50),
    'projects/p/jobs/etl',
    'e\0tl',
    '..',
    '*',
  ])('%j', async (name) => {
    const { run } = cli();
    for (const command of ['create', 'update', 'describe', 'delete', 'execute', 'get-iam-policy']) {
      const { code, stdout, stderr } = await run([
        'jobs',
        command,
        ...(command === 'create' ? ['--image=i'] : []),
        '--',
        name,
      ]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(`Invalid job name [${printable(name, false)}]. `);
    }
    expect((await run('jobs list --format json')).stdout).toBe('[]\n');
  });

  test.each(['../../x', '..', 'x/y', 'e\0x', ''])('nor an execution: %j', async (name) => {
    const { code, stdout, stderr } = await cli().run(['jobs', 'executions', 'describe', '--', name]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^ERROR: \(localrun\.jobs\.executions\.describe\) /);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('--help is a flag and no name', async () => {
    expect((await cli().run('jobs create --help')).stdout).toContain('Usage: localrun jobs create');
    expect(await cli().run('jobs describe -- --help')).toMatchObject({ code: 1 });
  });
});

const program = path.join(import.meta.dirname, '..', '..', 'bin', 'localrun.js');

test.runIf(existsSync('/dev/full')).each(['--help', 'jobs list --format=json'])(
  'a full disk for stdout: %s',
  (line) => {
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', `exec "$@" ${line} >/dev/full`, 'sh', process.execPath, program],
      {
        encoding: 'utf8',
        env: { ...process.env, LOCALRUN_HOME: tempDirectory() },
      },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^ERROR: Cannot write to stdout: ENOSPC: .*$/m);
  },
);

test('a working directory that was removed', () => {
  const script = 'cd "$0" && rmdir "$0" && exec "$1" "$2" jobs list';
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, tempDirectory(), process.execPath, program], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(
    /^ERROR: .*The working directory cannot be found: .*\nTry: change to a directory that exists\n$/,
  );
});

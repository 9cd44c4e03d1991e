import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { environment } from '../../src/config.js';
import { commandTree } from '../../src/main.js';
import type { Effect, Message } from '../../src/model/schema/field.js';
import { JobMessage } from '../../src/model/schema/job.js';
import { blocksOf } from '../support/blocks.js';
import { localrunLines, parseLine, surroundings } from '../support/command-lines.js';
import { testIo } from '../support/io.js';

const root = path.join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(path.join(root, 'docs')).flatMap((file) => (file.endsWith('.md') ? [`docs/${file}`] : [])),
];
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

const { hasTest } = (await import(path.join(root, 'scripts/proofs.mjs'))) as {
  hasTest: (source: string, title: string) => boolean;
};

const program = await commandTree(testIo('/home'), () => {
  throw new Error('No command runs here.');
});

/** Command lines in a text, in code spans or at the beginning of a line in a code block. */
const commandLines = (text: string): string[] =>
  [...text.matchAll(/`(localrun [^`\n]+)`|^(?: {2}|\$ )?(localrun [^\n`]+)$/gm)].map(
    ([, span, line]) => span ?? line ?? '',
  );

/** The command and the flags of a line that the program does not know. */
function unknownWords(line: string): string[] {
  // What follows a pipe is another program's.
  const words = line
    .replace(/ \| .*/, '')
    .split(/\s+/)
    .slice(1);
  let command: Command = program;
  let next: Command | undefined;
  while ((next = command.commands.find((child) => child.name() === words[0]))) {
    command = next;
    words.shift();
  }
  // A group or the program takes no words of its own but flags.
  const left = command.commands.length > 0 ? words.slice(0, 1).filter((word) => /^[a-z_]/.test(word)) : [];
  const known = command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, short }) => [long, short]);
  const flags = words.filter((word) => /^--?[a-z]/i.test(word)).map((word) => word.replace(/=.*/, ''));
  return [...left, ...flags.filter((flag) => !known.includes(flag))];
}

test('the check of command lines finds what is wrong', () => {
  expect(commandLines('Use `localrun jobs run -f x`.\n$ localrun jobs list\nlocalrun is here')).toHaveLength(3);
  expect(unknownWords('localrun jobs nope')).toEqual(['nope']);
  expect(unknownWords('localrun jobs run --nope=1 -f x')).toEqual(['--nope']);
  expect(unknownWords('localrun jobs executions list --limit 1 | other -f')).toEqual([]);
});

describe.each(documents)('%s', (document) => {
  const text = read(document);

  test('has links that lead somewhere', () => {
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = targets.filter((target) => {
      if (/^https?:/.test(target)) return false;
      const [file = '', anchor] = target.split('#');
      const where = path.join(root, path.dirname(document), file || path.basename(document));
      if (!existsSync(where)) return true;
      if (anchor === undefined) return false;
      const headings = readFileSync(where, 'utf8').match(/^#+ .*$/gm) ?? [];
      const slug = (heading: string): string =>
        heading
          .replace(/^#+ /, '')
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-');
      return !headings.map(slug).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test('has blocks that are what they say they are', async () => {
    const io = surroundings();
    const wrong: string[] = [];
    for (const { language, text: block } of blocksOf(text)) {
      if (language === 'json') JSON.parse(block);
      else if (language === 'yaml') wrong.push(...parseAllDocuments(block).flatMap(({ errors }) => errors.map(String)));
      else if (language === 'sh') {
        const { stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' });
        if (stderr) wrong.push(stderr);
        for (const words of block.split('\n').flatMap(localrunLines)) {
          await parseLine(words, io).catch((error: unknown) => {
            // Documents name files that are only in them.
            if (/no such file|does not exist/.test(String(error))) return;
            wrong.push(`localrun ${words.join(' ')}: ${String(error)}`);
          });
        }
      } else if (!['console', 'dockerfile', 'go', 'hcl', 'ini', 'js', 'python', 'text', 'toml', ''].includes(language))
        wrong.push(language);
    }
    expect(wrong).toEqual([]);
  });

  test('cites tests that there are', () => {
    const cited = [...text.matchAll(/\]\(\.\.\/(test\/[\w/-]+\.test\.ts)\): (.*?)(?=<br>| \|$)/gm)];
    const missing = cited.filter(
      ([, file = '', title = '']) => !existsSync(path.join(root, file)) || !hasTest(read(file), title),
    );
    expect(missing.map(([citation]) => citation)).toEqual([]);
    expect(text.match(/\]\(\.\.\/test\/.*?\.test\.ts\)/g) ?? []).toHaveLength(cited.length);
  });

  test('names files, scripts and commands that there are', () => {
    const files = [...text.matchAll(/`((?:src|test|docs|scripts|bench|bin|examples|completions)\/[\w./-]*)`/g)].map(
      ([, file = '']) => file,
    );
    expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
    const runs = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script);
    expect(runs.filter((script) => !(script in scripts))).toEqual([]);
    // What commands.md says is what the commands say.
    const lines = document === 'docs/commands.md' ? [] : commandLines(text);
    expect(lines.flatMap((line) => unknownWords(line).map((word) => `${word} in ${line}`))).toEqual([]);
  });
});

describe('docs/fidelity.md', () => {
  const section = (title: string): string =>
    read('docs/fidelity.md').split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';

  /** The fields of a job with an effect, outermost only, by their last names. */
  function fieldsWith(effect: Effect, message: Message = JobMessage, seen = new Set<Message>()): string[] {
    if (seen.has(message)) return [];
    seen.add(message);
    return Object.entries(message.fields).flatMap(([name, field]) => {
      if (field.output) return [];
      if (field.effect) return field.effect === effect ? [name] : [];
      const inner = field.kind === 'list' ? field.of : field;
      return inner.kind === 'message' ? fieldsWith(effect, inner.message, seen) : [];
    });
  }

  test.each<[title: string, effect: Effect]>([
    ['Ignored locally', 'ignoredLocally'],
    ['Mapped', 'mapped'],
  ])('names in %j the fields that the schema has as %s', (title, effect) => {
    const text = section(title);
    expect(fieldsWith(effect).filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  test('says of no field that acts that it does nothing', () => {
    const quiet = new Set([...fieldsWith('ignoredLocally'), ...fieldsWith('recorded')]);
    const named = [...section('Ignored locally').matchAll(/`([a-z]\w+)`/g)];
    expect(named.map(([, name = '']) => name).filter((name) => !quiet.has(name))).toEqual([]);
  });
});

test('docs/dependencies.md has the packages that package.json has', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const rows = [...read('docs/dependencies.md').matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
    cell.split(', '),
  );
  const told = rows.filter((cell) => !/^(Package|For development|---)/.test(cell));
  expect(told.toSorted()).toEqual(
    [...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})].toSorted(),
  );
});

test('docs/configuration.md has the variables that localrun reads', () => {
  const names = environment.flatMap(([name]) => name.split(', '));
  const rows = [...read('docs/configuration.md').matchAll(/^\| (`[A-Z_`, ]+`) \|/gm)].flatMap(([, cell = '']) =>
    cell.replaceAll('`', '').split(', '),
  );
  expect(rows.filter((name) => name !== 'TERM').toSorted()).toEqual(names.toSorted());
});

test('README.md and CONTRIBUTING.md are short', () => {
  expect(read('README.md').split('\n').length).toBeLessThan(100);
  expect(read('CONTRIBUTING.md').split('\n').length).toBeLessThan(60);
});

test('docs/README.md leads to every page', () => {
  const pages = documents.filter((file) => file.startsWith('docs/') && file !== 'docs/README.md');
  const index = read('docs/README.md');
  expect(pages.filter((page) => !index.includes(`(${path.basename(page)})`))).toEqual([]);
});

test('docs/troubleshooting.md quotes messages that there are', () => {
  const source = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(`src/${file}`).replaceAll(/\$\{[^}]*\}/g, '…'))
    .join('\n');
  const messages = [...read('docs/troubleshooting.md').matchAll(/^\| `([^`]+)` \|/gm)].map(([, said = '']) => said);
  expect(messages.length).toBeGreaterThan(20);
  const parts = (said: string): string[] => said.split('…').map((part) => part.replaceAll(/^[.: ]+|[.: ]+$/g, ''));
  expect(messages.filter((said) => !parts(said).every((part) => source.includes(part)))).toEqual([]);
  // A part that is too short would be found anywhere.
  expect(messages.filter((said) => !said.split('…').some((part) => part.length > 8))).toEqual([]);
});

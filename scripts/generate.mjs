// @ts-check
// Writes the files that are made from the command tree, the schema and the rules. With --check it only says which of them are not up to date.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { proofsOf } from './proofs.mjs';
import { giveUp, root, say } from './packages.mjs';
import { build } from './setup.mjs';

const check = process.argv.includes('--check');
if (!check) build();
const { commandTree, declarations, main } = await import(new URL('../dist/main.cjs', import.meta.url).href);

/**
 * The help of a command and of those below it, each under a heading.
 * @param {import('commander').Command} command
 * @param {string[]} words
 * @returns {string[]}
 */
function reference(command, words) {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  const section = `## ${words.join(' ')}\n\n\`\`\`\n${text.trim()}\n\`\`\`\n`;
  const below = command.createHelp().visibleCommands(command);
  return [section, ...below.flatMap((child) => reference(child, [...words, child.name()]))];
}

/**
 * What a command that needs nothing but an output prints.
 * @param {string[]} command
 */
async function printed(...command) {
  let text = '';
  await main(command, { out: { ...plain, write: (/** @type {string} */ part) => (text += part) }, err: plain });
  return text;
}

/**
 * @type {{
 *   schemas: Record<string, unknown>,
 *   rules: Record<string, { severity: string, says: string }>,
 *   fields: { path: string, effect: string, doc: string }[],
 * }}
 */
const { schemas, rules, fields } = await declarations();
/** @param {unknown} schema */
const printedSchema = (schema) => `${JSON.stringify(schema, null, 2)}\n`;

/**
 * The rules of one severity as a table.
 * @param {string} severity
 */
const ruleTable = (severity) =>
  [
    '| Rule | |\n| --- | --- |',
    ...Object.entries(rules)
      .filter(([, rule]) => rule.severity === severity)
      .map(([name, { says }]) => `| \`${name}\` | ${says} |`),
  ].join('\n');

/**
 * What the effects of fields are called.
 * @type {Record<string, string>}
 */
const meanings = {
  same: 'as in Cloud Run',
  mapped: 'through localrun.yaml',
  recorded: 'kept',
  ignoredLocally: 'kept, without effect',
  refused: 'refused',
};

/** @param {string} file */
const read = (file) => (existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8') : undefined);
const { proofs, problems } = proofsOf(fields, JSON.parse(read('test/proofs.json') ?? '{}'), read);
if (problems.length > 0) giveUp(`test/proofs.json and the tests do not agree:\n${problems.join('\n')}`);

/**
 * The tests of a field as links.
 * @param {string} field
 */
const citations = (field) =>
  proofs
    .get(field)
    ?.map(
      ({ file, title }) => `[${path.basename(file, '.test.ts')}](../${file}): ${title.replaceAll('|', String.raw`\|`)}`,
    )
    .join('<br>');

const plain = { write: () => {}, tty: false, columns: 100, chalk: { level: 0 } };
const program = await commandTree({ out: plain, err: plain }, () => giveUp('No command runs here.'));
const files = {
  'completions/localrun.bash': await printed('completion', 'bash'),
  'completions/_localrun': await printed('completion', 'zsh'),
  'completions/localrun.fish': await printed('completion', 'fish'),
  'docs/commands.md': `# Commands

What \`--help\` says of every command. Made by \`npm run generate\`.

${reference(program, ['localrun']).join('\n')}`,
  'docs/rules.md': `# Rules

What \`localrun jobs validate\` checks, by the names that \`--format json\` gives. Every command that reads a spec checks the same. Made by \`npm run generate\`.

## Errors

Cloud Run refuses the spec.

${ruleTable('error')}

## Warnings

Cloud Run accepts the spec, but it is probably a mistake. With \`--strict\` they are errors.

${ruleTable('warning')}

## With --strict only

Cloud Run refuses the spec, and it is fine here.

${ruleTable('strict')}
`,
  'docs/fields.md': `# Fields

Every field that a job can set, in the v2 shape, what it does here ([fidelity.md](fidelity.md) says what that means), and the test that proves it. Made by \`npm run generate\` from the schema and \`test/proofs.json\`.

| Field | Here | | Proof |
| --- | --- | --- | --- |
${fields.map(({ path, effect, doc }) => `| \`${path}\` | ${meanings[effect]} | ${doc} | ${citations(path)} |`).join('\n')}
`,
  'schema/job.schema.json': printedSchema(schemas.job),
  'schema/job.v1.schema.json': printedSchema(schemas['job.v1']),
  'schema/localrun.schema.json': printedSchema(schemas.localrun),
};

for (const [name, text] of Object.entries(files)) {
  const file = path.join(root, name);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (check) {
    say(`${name} is not up to date: run \`npm run generate\`.`);
    process.exitCode = 1;
  } else {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    say(`Wrote ${name}.`);
  }
}

// Writes the files that are made from the command tree. With --check it only says which of them are not up to date.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, giveUp, root, say } from './setup.mjs';

const check = process.argv.includes('--check');
if (!check) build();
const { commandTree, main } = await import('../dist/main.cjs');

/** The help of a command and of those below it, each under a heading. */
function reference(command, words) {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  const section = `## ${words.join(' ')}\n\n\`\`\`\n${text.trim()}\n\`\`\`\n`;
  const below = command.createHelp().visibleCommands(command);
  return [section, ...below.flatMap((child) => reference(child, [...words, child.name()]))];
}

/** What a command that needs nothing but an output prints. */
async function printed(...command) {
  let text = '';
  await main(command, { out: { ...plain, write: (part) => (text += part) }, err: plain });
  return text;
}

const plain = { write: () => {}, tty: false, columns: 100, chalk: { level: 0 } };
const program = await commandTree({ out: plain, err: plain }, () => giveUp('No command runs here.'));
const files = {
  'completions/localrun.bash': await printed('completion', 'bash'),
  'completions/_localrun': await printed('completion', 'zsh'),
  'completions/localrun.fish': await printed('completion', 'fish'),
  'docs/commands.md': `# Commands

What \`--help\` says of every command. Made by \`npm run generate\`.

${reference(program, ['localrun']).join('\n')}`,
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

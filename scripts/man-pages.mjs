// @ts-check
// Manual pages from the command tree: what `--help` says, in roff.

/** @typedef {import('commander').Command} Command */

/**
 * What roff would read or print as something else: its escapes, and characters that it makes typographic.
 * @type {Record<string, string>}
 */
const escapes = {
  '\\': String.raw`\e`,
  '-': String.raw`\-`,
  "'": String.raw`\(aq`,
  '`': String.raw`\(ga`,
  '~': String.raw`\(ti`,
  '^': String.raw`\(ha`,
};

/** @param {string} text */
const plain = (text) =>
  text.replaceAll(
    /[\\\-'`~^]|[^\0-\x7f]/gu,
    (of) => escapes[of] ?? `\\[u${of.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
  );

/**
 * A line of text: one that begins with a dot would be a request.
 * @param {string} text
 */
const line = (text) => plain(text).replace(/^(?=\.)/, String.raw`\&`);

/**
 * Items with their descriptions.
 * @param {readonly (readonly [term: string, description: string])[]} items
 */
const terms = (items) =>
  items.flatMap(([term, description]) => ['.TP', `\\fB${plain(term)}\\fP`, line(description) || String.raw`\&`]);

/**
 * What follows the lists of a help text: paragraphs, and examples, whose lines stay as they are.
 * @param {string} text
 */
function notes(text) {
  const parts = text.trim().split(/\n{2,}/);
  const paragraphs = parts.filter((part) => !part.startsWith('Examples:\n')).flatMap((part) => part.split('\n'));
  const examples = parts.filter((part) => part.startsWith('Examples:\n')).flatMap((part) => part.split('\n').slice(1));
  return [
    ...(paragraphs.length > 0 ? ['.SH NOTES'] : []),
    ...paragraphs.flatMap((of) => ['.PP', line(of)]),
    '.SH EXAMPLES',
    '.EX',
    ...examples.map((of) => line(of.trim())),
    '.EE',
  ];
}

/**
 * What follows the lists of a command's help.
 * @param {Command} command
 */
function afterLists(command) {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 10_000 }).outputHelp();
  return notes(text.slice(command.helpInformation().length));
}

/**
 * The manual pages of the program and of each of its commands, by their file names.
 * @param {Command} program
 * @param {{ version: string, environment: readonly (readonly [name: string, meaning: string])[] }} about
 * @returns {Record<string, string>}
 */
export function manualPages(program, { version, environment }) {
  const help = program.createHelp();
  /** @type {{ command: Command, words: string[] }[]} */
  const commands = [];
  /**
   * @param {Command} command
   * @param {string[]} words
   */
  const collect = (command, words) => {
    const below = help.visibleCommands(command);
    if (below.length === 0) commands.push({ command, words });
    for (const child of below) collect(child, [...words, child.name()]);
  };
  collect(program, ['localrun']);

  /** @param {import('commander').Option[]} options */
  const flags = (options) => terms(options.map((of) => [help.optionTerm(of), help.optionDescription(of)]));
  /**
   * @param {string} name
   * @param {string} description
   * @param {string[]} body
   */
  const page = (name, description, body) => {
    const first = `.TH ${plain(name.toUpperCase())} 1 "" "localrun ${version}" "localrun"`;
    return `${[first, '.SH NAME', `${plain(name)} \\- ${plain(description.replace(/\.$/, ''))}`, ...body].join('\n')}\n`;
  };

  const overview = page('localrun', 'Cloud Run jobs on your own machine', [
    '.SH SYNOPSIS',
    String.raw`\fBlocalrun\fP [\fIoptions\fP] [\fIcommand\fP]`,
    '.SH DESCRIPTION',
    line(program.description()),
    '.SH COMMANDS',
    'Each has a page of its own, such as',
    '.BR localrun-jobs-run (1).',
    ...terms(commands.map(({ command, words }) => [words.slice(1).join(' '), command.description()])),
    '.SH GLOBAL FLAGS',
    ...flags(commands[0]?.command.options.filter((of) => of.helpGroupHeading === 'Global flags:' && !of.hidden) ?? []),
    '.SH ENVIRONMENT',
    ...terms(environment),
    ...afterLists(program),
  ]);

  /** @param {{ command: Command, words: string[] }} of */
  function commandPage({ command, words }) {
    const described = help.visibleArguments(command);
    const groups = help.groupItems(
      [...command.options],
      help.visibleOptions(command),
      (of) => of.helpGroupHeading ?? 'Options:',
    );
    return page(words.join('-'), command.description(), [
      '.SH SYNOPSIS',
      `\\fB${plain(words.join(' '))}\\fP ${plain(command.usage())}`,
      ...(described.length > 0 ? ['.SH ARGUMENTS'] : []),
      ...terms(described.map((of) => [help.argumentTerm(of), help.argumentDescription(of)])),
      ...[...groups].flatMap(([heading, options], i) => [
        ...(i === 0 ? ['.SH OPTIONS'] : []),
        ...(heading === 'Options:' ? [] : [`.SS ${plain(heading.replace(/:$/, ''))}`]),
        ...flags(options),
      ]),
      ...afterLists(command),
      '.SH SEE ALSO',
      '.BR localrun (1)',
    ]);
  }
  const pages = commands.map((of) => [`docs/man/${of.words.join('-')}.1`, commandPage(of)]);
  return { 'docs/man/localrun.1': overview, ...Object.fromEntries(pages) };
}

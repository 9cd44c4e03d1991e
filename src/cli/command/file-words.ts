import type { Command as Parser, Option } from 'commander';

/** Where the files are in a command line, as declared: the value of a flag is a `<file>`. */
export interface FileWords {
  /** The spellings of flags. */
  flags: readonly string[];
  /** Those of all flags with a value. */
  valued: readonly string[];
  /** The values of arguments. */
  names: string[];
  /** What the command reads if it is given no file. */
  unnamed: string | undefined;
}

/** @param given the values of the command's arguments */
export function fileWords(command: Parser, given: readonly unknown[]): FileWords {
  const spellings = (options: readonly Option[]): string[] =>
    options.flatMap(({ long, short }) => [long, short]).filter((spelling) => typeof spelling === 'string');
  // Hidden flags are gcloud's own, and not read.
  const flags = spellings(command.options.filter((option) => option.flags.endsWith('<file>') && !option.hidden));
  const valued = spellings(command.options.filter((option) => option.required));
  const files = command.registeredArguments.filter((argument) => argument.name().endsWith('file'));
  const names = files.flatMap((argument) => given[command.registeredArguments.indexOf(argument)] ?? []) as string[];
  return { flags, valued, names, unnamed: files.some(({ variadic }) => !variadic) ? 'job.yaml' : undefined };
}

/** The files that a command line names, and its words, with what `relative` makes of each name. */
export function filesIn(
  words: readonly string[],
  { flags, valued, names, unnamed }: FileWords,
  relative: (name: string) => string,
): { words: string[]; files: string[] } {
  const files = new Set<string>();
  const found = (name: string): string => {
    if (name === '-') return name;
    const shown = relative(name);
    files.add(shown);
    return shown;
  };
  /** The flag whose value comes next. */
  let open: string | undefined;
  let ended = false;
  const rewritten = words.map((word) => {
    const flag = open;
    open = undefined;
    if (flag !== undefined) return flags.includes(flag) ? found(word) : word;
    if (names.includes(word)) return found(word);
    ended ||= word === '--';
    if (ended) return word;
    if (valued.includes(word)) open = word;
    const before = flags
      .map((flag) => (flag.startsWith('--') ? `${flag}=` : flag))
      .find((start) => word.startsWith(start) && word !== start);
    return before === undefined ? word : before + found(word.slice(before.length));
  });
  if (files.size === 0 && unnamed !== undefined && !words.includes('-')) files.add(unnamed);
  return { words: rewritten, files: [...files] };
}

import type { Command as Parser } from 'commander';

/** Where the files are in a command line, as declared: the value of a flag is a `<file>`. */
export interface FileWords {
  /** The spellings of flags. */
  flags: readonly string[];
  /** The values of arguments. */
  names: string[];
  /** What the command reads if it is given no file. */
  unnamed: string | undefined;
}

/** @param given the values of the command's arguments */
export function fileWords(command: Parser, given: readonly unknown[]): FileWords {
  const flags = command.options
    // Hidden flags are gcloud's own, and not read.
    .filter((option) => option.flags.endsWith('<file>') && !option.hidden)
    .flatMap(({ long, short }) => [long, short])
    .filter((spelling) => typeof spelling === 'string');
  const files = command.registeredArguments.map((argument) => argument.name().endsWith('file'));
  const names = given.filter((value, i): value is string => files[i] === true && typeof value === 'string');
  return { flags, names, unnamed: files.includes(true) ? 'job.yaml' : undefined };
}

/** The files that a command line names, and its words, with what `relative` makes of each name. */
export function filesIn(
  words: readonly string[],
  { flags, names, unnamed }: FileWords,
  relative: (name: string) => string,
): { words: string[]; files: string[] } {
  const files = new Set<string>();
  const found = (name: string): string => {
    if (name === '-') return name;
    const shown = relative(name);
    files.add(shown);
    return shown;
  };
  const end = words.indexOf('--');
  const rewritten = words.map((word, i) => {
    if (names.includes(word)) return found(word);
    if (end >= 0 && i >= end) return word;
    if (flags.includes(words[i - 1] ?? '')) return found(word);
    const before = flags
      .map((flag) => (flag.startsWith('--') ? `${flag}=` : flag))
      .find((start) => word.startsWith(start) && word !== start);
    return before === undefined ? word : before + found(word.slice(before.length));
  });
  if (files.size === 0 && unnamed !== undefined && !words.includes('-')) files.add(unnamed);
  return { words: rewritten, files: [...files] };
}

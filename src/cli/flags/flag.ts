import { Option } from 'commander';

/** gcloud's release tracks, named by the launch stage of what they write; each accepts all flags of the one before. */
export const tracks = ['GA', 'BETA', 'ALPHA'] as const;
export type Track = (typeof tracks)[number];

export const atLeast = (track: Track, needed: Track): boolean => tracks.indexOf(track) >= tracks.indexOf(needed);

/** The headings of flags in help, in order. Flags of every day have none: they are the `Options:` at the top. */
export const headings = {
  someTasks: 'Flags that run some of the tasks only, with their real index and count:',
  local: 'Local flags, which win over localrun.yaml; --no-... turns one off:',
  oneRun: 'Local flags for this run only:',
  container: 'More container flags:',
  job: 'More job flags:',
  withoutEffect: 'Flags without effect on this machine, kept for Cloud Run:',
  global: 'Global flags:',
} as const;

/** Flags in the order of their headings. */
export function inHelpOrder(flags: readonly Flag[]): Flag[] {
  const order: readonly (string | undefined)[] = Object.values(headings);
  const place = ({ traits }: Flag): number => order.indexOf(traits.group);
  return flags.toSorted((a, b) => place(a) - place(b));
}

/** Parses the value of a flag; when the flag is repeated, `previous` is the value so far. */
export type Parse<T> = (text: string, previous?: T) => T;

interface Traits {
  parse?: ((text: string, previous?: never) => unknown) | undefined;
  choices?: readonly string[];
  hidden?: boolean;
  required?: boolean;
  /** Names of options that exclude this one. */
  conflicts?: string[];
  /** The heading above it in help. */
  group?: string;
  /** The first release track that has it. */
  track?: Track;
  /** The only commands that have it; absent: every command that declares it. */
  commands?: readonly string[];
}

/**
 * A flag as data. Parsing, help, completion, suggestions for wrong flags and the reference are all made from its one
 * declaration.
 */
export class Flag extends Option {
  readonly track: Track;
  readonly commands: readonly string[] | undefined;
  readonly traits: Traits;

  constructor(spelling: string, description: string, traits: Traits) {
    super(spelling, description);
    this.traits = traits;
    const { parse, choices, hidden = false, required = false, conflicts = [], group, track = 'GA', commands } = traits;
    this.hideHelp(hidden).makeOptionMandatory(required).conflicts(conflicts);
    if (parse) this.argParser(parse as Parse<unknown>);
    if (choices) this.choices(choices);
    if (group) this.helpGroup(group);
    this.track = track;
    this.commands = commands;
  }

  /** The same flag with other traits. */
  with(traits: Traits): Flag {
    return new Flag(this.flags, this.description, { ...this.traits, ...traits });
  }
}

/** @param spelling as help shows it: `-f, --file <file>` */
export const flag = (spelling: string, description = '', traits: Traits = {}): Flag =>
  new Flag(spelling, description, traits);

/** `--flag` and its opposite `--no-flag`, which help does not show: gcloud has both for every flag without a value. */
export const booleanFlag = (name: string, description: string, traits: Traits = {}): Flag[] => [
  flag(name, description, { ...traits, parse: () => true }),
  flag(name.replace('--', '--no-'), `not: ${description}`, { ...traits, parse: () => false, hidden: true }),
];

/** A parser of a flag that may be repeated, whose values are read later. */
export const collected = (text: string, previous: readonly string[] = []): string[] => [...previous, text];

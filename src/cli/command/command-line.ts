import { tracks, type Track } from '../flags/flag.js';
import { withFlagsFiles } from '../flags/flags-file.js';
import { globalFlag } from '../flags/global.js';
import type { Io } from '../io.js';

/** A command line, read once for everything that follows. */
export interface CommandLine {
  /** The words before the first flag of the command itself: the command, then arguments. */
  words: readonly string[];
  /** The words, then all flags and further arguments, with the flags of flags files in place of `--flags-file`. */
  args: readonly string[];
  track: Track;
  /** The error of an unreadable flags file, to be thrown once the command is known. */
  problem?: Error;
}

/**
 * Reads a command line. gcloud accepts global flags before and between the words of a command, as in
 * `--project p jobs list`. A `beta` or `alpha` in front of the command is the release track.
 */
export async function readCommandLine(given: readonly string[], io: Pick<Io, 'cwd'>): Promise<CommandLine> {
  const words: string[] = [];
  const flags: string[] = [];
  let i = 0;
  for (; i < given.length; i++) {
    const word = given[i] ?? '';
    if (!word.startsWith('-')) {
      words.push(word);
      continue;
    }
    const flag = globalFlag(word);
    if (flag === undefined) break;
    flags.push(word);
    const next = given[i + 1];
    if (flag.required && !word.includes('=') && next !== undefined && !next.startsWith('--')) {
      flags.push(next);
      i++;
    }
  }
  const track = tracks.find((name) => name !== 'GA' && name.toLowerCase() === words[0]) ?? 'GA';
  if (track !== 'GA') words.shift();
  const args = [...words, ...flags, ...given.slice(i)];
  try {
    return { words, args: await withFlagsFiles(args, io), track };
  } catch (error) {
    return { words, args, track, problem: error as Error };
  }
}

import type { Key } from '../output/format/keys.js';
import type { Format } from '../output/format/projection.js';
import { atLeast, collected, Flag, flag, headings, type Track } from './flag.js';
import { formatsOf } from './formats.js';

/** The flags that every command accepts, as the command sees them. */
export interface CommonOptions {
  project?: string | undefined;
  region?: string | undefined;
  format?: Format;
  flatten?: Key[];
  apiVersion?: 'v1' | 'v2';
  quiet?: true;
  userOutputEnabled?: boolean;
  account?: string;
}

const group = headings.global;
const hidden = true;

/** Flags that every command accepts, and gcloud's own that change nothing here, which help does not show. */
const declared: readonly Flag[] = [
  flag('--project <id>', 'the project; see `localrun help environment`'),
  flag('--region <name>', 'the region'),
  flag('--account <account>', 'the account that makes the request'),
  flag('--format <format>', 'how to print the result'),
  flag('--flatten <KEY,...>', 'a row for every item of a list, for --format', { parse: collected }),
  flag('--api-version <version>', 'whose fields json and yaml print', { choices: ['v1', 'v2'] }),
  flag('--flags-file <file>', 'YAML or JSON map of flags and their values'),
  flag('-q, --quiet', 'do not prompt; use the default answers'),
  flag('--access-token-file <file>', '', { hidden }),
  flag('--billing-project <project>', '', { hidden }),
  flag('--configuration <name>', '', { hidden }),
  flag('--impersonate-service-account <accounts>', '', { hidden }),
  flag('--log-http', '', { hidden }),
  flag('--no-log-http', '', { hidden }),
  flag('--trace-token <token>', '', { hidden }),
  flag('--verbosity <level>', '', { hidden, choices: ['debug', 'info', 'warning', 'error', 'critical', 'none'] }),
  flag('--user-output-enabled', '', { hidden }),
  flag('--no-user-output-enabled', '', { hidden }),
  flag('--endpoint-mode <mode>', '', { hidden, track: 'BETA', choices: ['global', 'regional', 'regional-preferred'] }),
].map((of) => of.with({ group }));

/** The global flags of a command. */
export const globalFlags = (track: Track, command: { exportable?: boolean | undefined }): Flag[] =>
  declared
    .filter((of) => atLeast(track, of.track))
    .map((of) => {
      if (of.long !== '--format') return of;
      return new Flag(of.flags, `${of.description}: ${formatsOf(command).join(', ')}`, of.traits);
    });

/** The global flag of that name, with or without a value behind `=`. */
export function globalFlag(word: string): Flag | undefined {
  const name = word.replace(/=.*$/s, '');
  return declared.find(({ long, short }) => name === long || name === short);
}

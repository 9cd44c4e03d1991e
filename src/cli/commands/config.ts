import type { Entries } from '../command/command.js';
import { flag } from '../flags/flag.js';
import { localFlags } from '../flags/local.js';

export const config: Entries = {
  explain: {
    description: 'Show each setting and its source, and check that what localrun.yaml maps exists.',
    flags: localFlags,
    examples: ['localrun config explain', 'localrun config explain --runtime kubernetes'],
    here: true,
    load: () => import('./config/explain.js'),
  },
  init: {
    description: 'Add what a job needs from this machine to localrun.yaml, and create empty files for its secrets.',
    arguments: [['[job]', 'the name of an existing job']],
    flags: [flag('-f, --file <file...>', 'job specs; globs; - for stdin')],
    notes: `Adds to the localrun.yaml in effect, or to a new one in this directory, and keeps everything already there: mappings, \
comments, files. Reports what it did. To write a job spec, see localrun init.`,
    examples: ['localrun config init -f job.yaml', 'localrun config init nightly'],
    here: true,
    load: () => import('./config/init.js'),
  },
};

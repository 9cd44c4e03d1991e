import { readFormat } from '../../../../../src/cli/output/format/projection.js';
import { render } from '../../../../../src/cli/output/format/printers.js';

export const format = (text: string) => readFormat(text);

/** A resource with a value of every kind. */
export const row = {
  name: 'etl-nightly',
  region: 'us-central1',
  path: 'projects/p/locations/us-central1/jobs/etl',
  labels: { team: 'a', 'dotted.key/x': 'y' },
  empty: [],
  yes: true,
  no: false,
  count: 3,
  span: '3723.5s',
  later: '2026-11-23T10:05:07.623456Z',
  time: '2026-11-23T09:05:07.123456Z',
  conditions: [
    { type: 'Ready', state: 'OK', tags: ['x', 'y'] },
    { type: 'Started', state: 'BAD', tags: ['z'] },
  ],
};

/** What a list of resources looks like. */
export const printed = (text: string, rows: readonly object[], width = 80): Promise<string> =>
  render(format(text), rows, { width, single: false });

/** What one resource looks like. */
export const printedOne = (text: string, of: object): Promise<string> =>
  render(format(text), [of], { width: 80, single: true });

import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { type Deed, framed, frames } from '../../../../src/cli/forwarding/frames.js';

test('frames arrive in chunks cut anywhere; noise, and a frame that is cut off, are none', async () => {
  const deeds: Deed[] = [{ to: 'out', write: 'a\nb\r\u2028\u2029 \u{1f600}' }, { spin: null }, { exit: 3 }];
  const bytes = Buffer.from(`noise\n${deeds.map(framed).join('noise\n')}{"exit":`);
  for (const size of [1, 2, 7, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    const found: Deed[] = [];
    for await (const deed of frames<Deed>(Readable.from(chunks, { objectMode: false }))) found.push(deed);
    expect(found).toEqual(deeds);
  }
});

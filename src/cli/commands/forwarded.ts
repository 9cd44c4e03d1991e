import type { Context } from '../command/context.js';
import { caller } from '../forwarding/forwarded-io.js';

/** The end of a connection at a cluster worker: does the work of a command line that another machine sends. */
export async function run({ io, version, main }: Context): Promise<void> {
  const called = await caller(io);
  if (!called) return;
  const { hello } = called;
  if (hello.version !== version) {
    called.io.err.write(
      `ERROR: The worker runs localrun ${version}, and this is localrun ${hello.version}.\nTry: apply the manifest once more, with an image of localrun ${hello.version}\n`,
    );
    return called.io.exit(1);
  }
  called.io.exit(await main(hello.words, called.io));
}

import type { Context } from '../../command/context.js';
import type { CommonOptions } from '../../flags/global.js';

interface Options extends CommonOptions {
  image: string;
  namespace?: string;
  storage?: string;
  storageClass?: string;
}

export async function run(context: Context, options: Options): Promise<void> {
  const { image, namespace = context.local?.value.runtime?.namespace || 'default', storage = '10Gi' } = options;
  const [workerManifest, { stringify }] = await Promise.all([context.workerManifest(), import('yaml')]);
  const objects = workerManifest({ namespace, image, storage, storageClass: options.storageClass });
  // The order of the fields is that in which people write them.
  const texts = objects.map((of) => stringify(of, { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1' }));
  context.io.out.write(texts.join('---\n'));
}

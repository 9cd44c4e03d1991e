import { docker } from './client.js';

/** A text, a pattern, the ends of a range of seconds, nothing, or what depends on the run. */
export type Expected = string | RegExp | [from: number, to: number] | undefined | (() => string);

/** Where the probes of the container contract run. */
export interface Place {
  /** Brings an image of this machine to where the tasks run. */
  share(image: string): Promise<void>;
  /** Lines of localrun.yaml. */
  config: string;
  /** What stands for a bucket with the files of a directory of this machine, as YAML. */
  bucket(directory: string): Promise<string>;
  /** The output of a container that the engine of the tasks runs without localrun. */
  plain(...command: string[]): string;
  /** What is different there, by the key of its row. */
  differences: Record<string, (here: Expected) => Expected>;
  close(): Promise<void>;
}

const image = 'localrun/busybox:latest';

export const here: Place = {
  async share() {},
  config: '',
  bucket: async (directory) => directory,
  plain: (...command) => docker('run', '--rm', image, ...command),
  differences: {},
  async close() {},
};

/** That of the runtime under test. */
export const place = async (): Promise<Place> =>
  process.env['RUNTIME_UNDER_TEST'] === 'kubernetes' ? (await import('./contract-in-pods.js')).inPods : here;

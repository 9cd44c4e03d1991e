import { StatusError } from '../../../model/errors.js';
import { UsageError } from '../../errors.js';
import { volumeName } from '../../../model/edit/job.js';
import type { Container, Volume } from '../../../model/schema/container.js';
import { dictFlag } from '../parsers.js';
import { atLeast, type Track } from '../flag.js';

type Mount = NonNullable<Container['volumeMounts']>[number];

const wrong = (flag: string, problem: string, fix?: string): UsageError =>
  new UsageError(`argument ${flag}: ${problem}`, fix);

/** A parser of `volume=NAME,mount-path=PATH`; the flag may be repeated. @throws UsageError, StatusError */
export function mountFlag(text: string, previous: Mount[] = []): Mount[] {
  const flag = '--add-volume-mount';
  const { volume, 'mount-path': mountPath, ...others } = dictFlag(flag)(text);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new StatusError(
      'INVALID_ARGUMENT',
      `argument ${flag}: Key [${unknown}] not recognized for volume mount. Valid keys are volume and mount-path.`,
    );
  }
  if (!volume) throw wrong(flag, 'Key [volume] required in dict arg but not provided');
  if (!mountPath) throw wrong(flag, 'Key [mount-path] required in dict arg but not provided');
  return [...previous, { name: volume, mountPath }];
}

/** A volume and, if its flag has one, the path at which the container mounts it. */
export interface AddedVolume {
  volume: Volume;
  mountPath?: string;
}

interface Kind {
  /** The release track of gcloud that has it. */
  track: Track;
  required: readonly string[];
  optional: readonly string[];
  source: (values: Record<string, string>, of: string) => Omit<Volume, 'name'>;
}

/** Like gcloud, reads `true` in any case as true. gcloud reads everything else as false; typing errors are refused here. */
function truth(values: Record<string, string>, key: string, of: string): boolean {
  const value = values[key]?.toLowerCase();
  if (value !== undefined && value !== 'true' && value !== 'false') {
    throw wrong('--add-volume', `Volume ${of}: field '${key}' must be true or false; received: ${values[key]}`);
  }
  return value === 'true';
}

/** The key for volumes whose directories are buckets of the same name. */
const dynamic = 'dynamic-mounting';

const inTrack = (track: Track): string => {
  const name = track.toLowerCase();
  return `it is in ${name}: localrun ${name} jobs ...`;
};

const several = (text: string): string[] => text.split(';').filter(Boolean);

const kinds: Readonly<Record<string, Kind>> = {
  'in-memory': {
    track: 'GA',
    required: [],
    optional: ['size-limit'],
    source: ({ 'size-limit': sizeLimit }) => ({ emptyDir: { medium: 'MEMORY', ...(sizeLimit && { sizeLimit }) } }),
  },
  'ephemeral-disk': {
    track: 'BETA',
    required: [],
    optional: ['size'],
    source: ({ size }) => ({ emptyDir: { medium: 'DISK', ...(size && { sizeLimit: size }) } }),
  },
  'cloud-storage': {
    track: 'GA',
    required: [],
    optional: ['bucket', dynamic, 'readonly', 'mount-options'],
    source: (values, of) => {
      const bucket = truth(values, dynamic, of) ? '_' : values['bucket'];
      if (!bucket) throw missing(of, 'cloud-storage', ['bucket']);
      const { 'mount-options': options } = values;
      return {
        gcs: {
          bucket,
          ...(truth(values, 'readonly', of) && { readOnly: true }),
          ...(options && { mountOptions: several(options) }),
        },
      };
    },
  },
  nfs: {
    track: 'GA',
    required: ['location'],
    optional: ['readonly'],
    source: (values, of) => {
      const [, server, path] = /^([^:/]+):(\/.*)$/.exec(values['location'] ?? '') ?? [];
      if (!server || !path) {
        throw wrong('--add-volume', `Volume ${of}: field 'location' must be of the form IP_ADDRESS:/DIRECTORY`);
      }
      return { nfs: { server, path, ...(truth(values, 'readonly', of) && { readOnly: true }) } };
    },
  },
  secret: {
    track: 'ALPHA',
    required: ['secret', 'version', 'path'],
    optional: [],
    source: ({ secret = '', version = '', path = '' }) => ({ secret: { secret, items: [{ version, path }] } }),
  },
  cloudsql: {
    track: 'ALPHA',
    required: ['instances'],
    optional: [],
    source: ({ instances = '' }) => ({ cloudSqlInstance: { instances: several(instances) } }),
  },
};

const missing = (of: string, type: string, keys: readonly string[]): UsageError =>
  wrong('--add-volume', `Volume ${of} of type ${type} requires the following parameters: ${keys.join(', ')}`);

/** The keys and values of a volume, among them `type`, and the text of the flag. */
export interface VolumeFlag {
  text: string;
  track: Track;
  values: Readonly<Record<string, string>>;
}

/** A parser of `name=NAME,type=TYPE,...`; the flag may be repeated. @throws UsageError */
export const volumeFlag =
  (track: Track) =>
  (text: string, previous: VolumeFlag[] = []): VolumeFlag[] => {
    const values = dictFlag('--add-volume')(text);
    if (!values['type']) throw wrong('--add-volume', 'Key [type] required in dict arg but not provided');
    return [...previous, { text, track, values }];
  };

/** The volume that a flag describes. @throws UsageError */
export function volumeOf({ text, track, values: given }: VolumeFlag): AddedVolume {
  const { name: called, type = '', 'mount-path': mountPath, ...values } = given;
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (!kind || !atLeast(track, kind.track)) {
    const known = Object.keys(kinds).filter((name) => atLeast(track, kinds[name]?.track ?? 'GA'));
    const fix = kind ? inTrack(kind.track) : `the types are ${known.join(', ')}`;
    throw wrong('--add-volume', `Volume type ${type} not supported`, fix);
  }
  if (!called && !mountPath) {
    throw wrong('--add-volume', 'Volume "name" must be specified if "mount-path" is not specified.');
  }
  const name = called || volumeName(type, text);
  const unknown = Object.keys(values).find((key) => ![...kind.required, ...kind.optional].includes(key));
  if (unknown !== undefined) {
    throw wrong('--add-volume', `Volume ${name} of type ${type} had unexpected parameter ${unknown}`);
  }
  if (values[dynamic] !== undefined && !atLeast(track, 'ALPHA')) {
    const message = `Volume ${name} of type ${type} had unexpected parameter ${dynamic}`;
    throw wrong('--add-volume', message, inTrack('ALPHA'));
  }
  const absent = kind.required.filter((key) => !values[key]);
  if (absent.length > 0) throw missing(name, type, absent);
  return { volume: { name, ...kind.source(values, name) }, ...(mountPath && { mountPath }) };
}

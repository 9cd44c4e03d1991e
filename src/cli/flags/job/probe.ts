import { StatusError } from '../../../model/errors.js';
import { UsageError } from '../../errors.js';
import type { Container } from '../../../model/schema/container.js';
import { dictFlag } from '../parsers.js';

type Probe = NonNullable<Container['startupProbe']>;

const numbers = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'failureThreshold'] as const;
const actions: Readonly<Record<string, readonly string[]>> = {
  httpGet: ['port', 'path'],
  tcpSocket: ['port'],
  grpc: ['port', 'service'],
};
const known = [
  ...numbers,
  ...Object.entries(actions).flatMap(([action, fields]) => fields.map((field) => `${action}.${field}`)),
];

/** A parser of `httpGet.port=8080,periodSeconds=2`; an empty value removes the probe. @throws UsageError, StatusError */
export function probeFlag(text: string): Record<string, string> {
  const values = dictFlag('--startup-probe')(text);
  const unknown = Object.keys(values).find((key) => !known.includes(key));
  if (unknown === undefined) return values;
  throw new StatusError(
    'INVALID_ARGUMENT',
    `argument --startup-probe: Key [${unknown}] not recognized for startup probe.`,
    { fix: `the keys are ${known.join(', ')}` },
  );
}

/** The probe that a flag describes. @throws UsageError */
export function probeOf(values: Readonly<Record<string, string>>): Probe | 'none' {
  if (Object.keys(values).length === 0) return 'none';
  const probe: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    const [action = '', field] = key.split('.');
    const isNumber = field === undefined || field === 'port';
    if (isNumber && !/^\d+$/.test(value)) {
      throw new UsageError(`argument --startup-probe: ${key} must be an integer; received: ${value}`);
    }
    const parsed = isNumber ? Number(value) : value;
    if (field === undefined) probe[action] = parsed;
    else probe[action] = { ...(probe[action] as object | undefined), [field]: parsed };
  }
  return probe;
}

import type { FieldPath } from '../field-path.js';
import type { Container } from '../schema/container.js';
import type { Probe } from '../schema/probe.js';
import type { Report } from './violation.js';

/** 0 counts as unset. */
const defaults = { timeoutSeconds: 1, periodSeconds: 10, failureThreshold: 3 } as const;

export function validateProbe(at: FieldPath, probe: Probe, { resources, ports }: Container, report: Report): void {
  const action = (['httpGet', 'tcpSocket', 'grpc'] as const).find((name) => probe[name]);
  if (!action) {
    report(at, 'probe-action', 'Exactly one probe action must be set', {
      fix: 'add httpGet, tcpSocket or grpc with a port',
      because: [at],
    });
  } else if (!probe[action]?.port && !ports?.length) {
    report([...at, action], 'probe-port', 'must have a port: the container has none to default to', {
      because: [[...at, action]],
    });
  }
  const setting = (name: keyof typeof defaults): number => probe[name] || defaults[name];
  const period = setting('periodSeconds');
  const threshold = setting('failureThreshold');
  if (setting('timeoutSeconds') > period) {
    const where = probe.timeoutSeconds ? 'timeoutSeconds' : 'periodSeconds';
    report([...at, where], 'probe-timeout', `a probe should time out within its period, which is ${period} s`);
  }
  const budget = resources?.limits?.['nvidia.com/gpu'] ? 1800 : 600;
  if (period * threshold > budget) {
    const where = probe.failureThreshold ? 'failureThreshold' : 'periodSeconds';
    const text = `${threshold} failures every ${period} s take ${period * threshold} s; the documented limit is ${budget} s`;
    report([...at, where], 'probe-budget', text);
  }
}

import { field, int32, list, message, string, type Infer, type Constraint } from './field.js';

const portConstraint = [
  { id: 'probe-port', text: 'if specified, must be between 1 and 65535', min: 1, max: 65535 },
] as const satisfies Constraint[];

const HttpHeader = message('HTTPHeader', {
  name: string('The header.', {
    required: true,
    constraints: [
      {
        id: 'probe-header',
        text: "a valid HTTP header must consist of alphanumeric characters or '-'",
        pattern: /^[A-Za-z0-9-]+$/,
        filled: true,
      },
    ],
  }),
  value: string('Its value.', {
    constraints: [{ id: 'probe-header', text: 'must not contain line breaks', pattern: /^[^\r\n]*$/ }],
  }),
});

const HttpGetAction = message('HTTPGetAction', {
  path: string('The path; `/` if unset.'),
  httpHeaders: list(field(HttpHeader, 'A header.'), 'Headers to send.'),
  port: int32('The port, 1 to 65535; the container port if unset.', { constraints: portConstraint }),
});

const TcpSocketAction = message('TCPSocketAction', {
  port: int32('The port, 1 to 65535; the container port if unset.', { constraints: portConstraint }),
});

const GrpcAction = message('GRPCAction', {
  port: int32('The port, 1 to 65535; the container port if unset.', { constraints: portConstraint }),
  service: string('The service named in the health check request.'),
});

const actions = {
  httpGet: field(HttpGetAction, 'Healthy if a GET answers with a status from 200 to 399.'),
  tcpSocket: field(TcpSocketAction, 'Healthy if the port accepts a connection.'),
  grpc: field(GrpcAction, 'Healthy if grpc.health.v1 answers SERVING.'),
};

/** The API's message contains the name of the field. */
const startupSeconds = (field: string): Constraint[] => [
  { id: 'probe-seconds', text: `${field} must be a number between 0 and 240`, min: 0, max: 240 },
];

export const StartupProbeMessage = message(
  'Probe',
  {
    initialDelaySeconds: int32('Delay before the first probe, 0 to 240 s; 0 if unset.', {
      constraints: startupSeconds('initial_delay_seconds'),
    }),
    timeoutSeconds: int32('Time limit of one probe, up to 240 s; 1 if unset.', {
      constraints: startupSeconds('timeout_seconds'),
    }),
    periodSeconds: int32('Time between probes, up to 240 s; 10 if unset.', {
      constraints: startupSeconds('period_seconds'),
    }),
    failureThreshold: int32('Consecutive failures after which the container has failed; 3 if unset.', {
      constraints: [{ id: 'probe-threshold', text: 'Must be a positive number if set', min: 0 }],
    }),
    ...actions,
  },
  { probeType: ['httpGet', 'tcpSocket', 'grpc'] },
);
export type Probe = Infer<typeof StartupProbeMessage>;

/** The probes of services, which have other bounds. */
export const ProbeMessage = message(
  'Probe',
  {
    initialDelaySeconds: int32('Delay before the first probe.'),
    timeoutSeconds: int32('Time limit of one probe.'),
    periodSeconds: int32('Time between probes.'),
    failureThreshold: int32('Consecutive failures after which the container has failed.'),
    ...actions,
  },
  { probeType: ['httpGet', 'tcpSocket', 'grpc'] },
);

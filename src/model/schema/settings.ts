import { bool, enumeration, field, list, message, string, type Constraint } from './field.js';

const NetworkInterface = message('VpcAccess.NetworkInterface', {
  network: string('The VPC network.'),
  subnetwork: string('The subnetwork.'),
  tags: list(string('A tag.'), 'Network tags.'),
});

export const VpcAccess = message('VpcAccess', {
  connector: string('`projects/P/locations/L/connectors/C`, or `C` in the same project and location.', {
    constraints: [
      {
        // The page on connectors uses the bare name in commands and YAML; the v2 reference uses the full name.
        id: 'vpc-connector',
        text: 'must be in form projects/{project}/locations/{location}/connectors/{connector}',
        pattern: /^(?:projects\/[^/]+\/locations\/[^/]+\/connectors\/)?[^/]+$/,
      },
    ],
  }),
  egress: enumeration(
    'VpcAccess.VpcEgress',
    { VPC_EGRESS_UNSPECIFIED: 0, ALL_TRAFFIC: 1, PRIVATE_RANGES_ONLY: 2 },
    'Which traffic goes through the VPC.',
  ),
  networkInterfaces: list(field(NetworkInterface, 'A network interface.'), 'Direct VPC egress; at most one.', {
    constraints: [{ id: 'vpc-interfaces', text: 'only 1 network interface is allowed', max: 1 }],
  }),
});

export const NodeSelector = message('NodeSelector', {
  accelerator: string('The GPU type.', {
    required: true,
    constraints: [
      {
        id: 'accelerator',
        text: 'is not an accelerator that is known to work for jobs',
        fix: 'nvidia-l4 or nvidia-rtx-pro-6000',
        values: ['nvidia-l4', 'nvidia-rtx-pro-6000'],
      },
    ],
  }),
});

export const BinaryAuthorization = message(
  'BinaryAuthorization',
  {
    useDefault: bool("The project's policy."),
    policy: string('`projects/P/platforms/cloudRun/POLICY`.', {
      constraints: [
        {
          id: 'binary-authorization-policy',
          text: 'is not a policy of the form projects/{project}/platforms/cloudRun/{policy}',
          pattern: /^projects\/[^/]+\/platforms\/cloudRun\/[^/]+$/,
        },
      ],
    }),
    breakglassJustification: string('The justification for bypassing the policy.'),
  },
  { binauthzMethod: ['useDefault', 'policy'] },
);

/**
 * Labels follow Google Cloud's rules for labels, annotations those of Kubernetes. Neither may use system namespaces.
 */
const noSystemKey = (kind: string): Constraint => ({
  id: 'system-metadata',
  text: `system ${kind}s are not supported`,
  fix: 'leave it out: a field of its own says the same',
  pattern: /^(?!(?:run|cloud)\.googleapis\.com\/|(?:serving|autoscaling)\.knative\.dev\/)/u,
});
export const labels = {
  constraints: [{ id: 'label-count', text: 'at most 64 labels are allowed', max: 64 }],
  keyConstraints: [
    noSystemKey('label'),
    {
      id: 'label-key',
      text: 'a label key has 1 to 63 characters, lower-case letters, digits, _ and -, and begins with a lower-case letter',
      // Allows the nonce that gcloud sets to force a new execution.
      pattern: /^(?:client\.knative\.dev\/.+|\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]{0,62})$/u,
      filled: true,
    },
  ],
  valueConstraints: [
    {
      id: 'label-value',
      text: 'a label value has at most 63 characters: lower-case letters, digits, _ and -',
      pattern: /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u,
    },
  ],
} as const;
export const annotations = {
  keyConstraints: [
    noSystemKey('annotation'),
    {
      id: 'annotation-key',
      text: 'an annotation key is a name of 1 to 63 letters, digits, -, _ and ., optionally after a DNS name and /',
      pattern:
        /^(?:(?=[^/]{1,253}\/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?$/,
      filled: true,
    },
  ],
} as const;

import { field, type Infer, int32, list, message } from '../schema/field.js';
import { type Overrides, OverridesMessage } from '../schema/run.js';
import { convert, type Mapping } from './convert.js';
import { envMappings } from './mapping.js';
import { EnvVarV1Message } from './schema.js';

const { containerOverrides, taskCount, delayExecution } = OverridesMessage.fields;
const { name, args, clearArgs } = containerOverrides.of.message.fields;

const OverridesV1Message = message('Overrides', {
  containerOverrides: list(
    field(
      message('ContainerOverride', {
        ...{ name, args, clearArgs },
        env: list(field(EnvVarV1Message, 'A variable.'), 'Added to the variables, replacing those of the same name.'),
      }),
      'An override.',
    ),
    containerOverrides.doc,
  ),
  taskCount,
  timeoutSeconds: int32("Time for one attempt; the job's if 0 or unset."),
  delayExecution,
});

/** The body of namespaces.jobs.run in the v1 API. */
export const RunJobRequestV1Message = message('RunJobRequest', {
  overrides: field(OverridesV1Message, 'What this execution does differently.'),
});

const mappings: readonly Mapping[] = [
  ...['taskCount', 'delayExecution'].map((same) => ({ v1: [same], v2: [same] })),
  {
    v1: ['timeoutSeconds'],
    v2: ['timeout'],
    toV2: (seconds: number) => (seconds === 0 ? undefined : `${seconds}s`),
  },
  {
    v1: ['containerOverrides'],
    v2: ['containerOverrides'],
    each: [
      ...['name', 'args', 'clearArgs'].map((same) => ({ v1: [same], v2: [same] })),
      { v1: ['env'], v2: ['env'], each: envMappings },
    ],
  },
];

export const overridesFromV1 = (overrides: Infer<typeof OverridesV1Message>): Overrides =>
  convert(mappings, 'v1', overrides);

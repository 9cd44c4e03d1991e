import { EnvVarMessage } from './container.js';
import { bool, duration, field, int32, list, message, string, type Infer } from './field.js';

const ContainerOverrideMessage = message('RunJobRequest.Overrides.ContainerOverride', {
  name: string('The container; may be empty if the job has only one.'),
  args: list(string('An argument.'), 'Replaces the arguments; an empty list keeps them.'),
  env: list(field(EnvVarMessage, 'A variable.'), 'Added to the variables, replacing those of the same name.'),
  clearArgs: bool('Removes the arguments.'),
});
export type ContainerOverride = Infer<typeof ContainerOverrideMessage>;

/** google.cloud.run.v2.RunJobRequest.Overrides: how one execution differs from its job. */
export const OverridesMessage = message('RunJobRequest.Overrides', {
  containerOverrides: list(field(ContainerOverrideMessage, 'An override.'), 'Overrides of containers.'),
  taskCount: int32("Tasks of the execution; the job's if 0 or unset.", {
    constraints: [{ id: 'task-count', text: 'must be a number between 0 and 10000', min: 0, max: 10000 }],
  }),
  timeout: duration("Time for one attempt; the job's if unset.", {
    constraints: [{ id: 'timeout', text: 'must be between 1s and 604800s (168 hours)', min: 1, max: 604800 }],
  }),
  delayExecution: bool('Allows a start up to 12 hours later (preview).', { effect: 'ignoredLocally' }),
});
export type Overrides = Infer<typeof OverridesMessage>;

/** The body of jobs.run. */
export const RunJobRequestMessage = message('RunJobRequest', {
  name: string('The job; the URL names it.'),
  validateOnly: bool('Checks the request and does nothing.'),
  etag: string('The version of the job; accepted and not compared, as observed.'),
  overrides: field(OverridesMessage, 'What this execution does differently.'),
});
export type RunJobRequest = Infer<typeof RunJobRequestMessage>;

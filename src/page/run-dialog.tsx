import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { EnvVar } from '../model/schema/container.js';
import type { Job } from '../model/schema/job.js';
import type { ContainerOverride, Overrides } from '../model/schema/run.js';
import { parseGcloudDuration } from '../model/time.js';
import { run, said } from './api.js';
import { runLine } from './command-lines.js';
import { Commands } from './commands.js';
import { shortName } from './names.js';
import { Notice } from './parts.js';

interface Variable {
  name: string;
  value: string;
}

/** What the form says of a container. */
interface ContainerForm {
  name: string | undefined;
  /** What the job has. */
  own: string[];
  args: string[];
  env: Variable[];
}

interface Form {
  tasks: string;
  timeout: string;
  containers: ContainerForm[];
}

function formOf({ template }: Job, given: Overrides): Form {
  const { containers } = template.template;
  const overrideOf = (name: string | undefined): ContainerOverride | undefined =>
    given.containerOverrides?.find((one) => containers.length === 1 || one.name === name);
  return {
    tasks: given.taskCount ? String(given.taskCount) : '',
    timeout: given.timeout ?? '',
    containers: containers.map(({ name, args = [] }) => {
      const override = overrideOf(name);
      return {
        name,
        own: args,
        args: override?.clearArgs ? [] : override?.args?.length ? [...override.args] : [...args],
        env: (override?.env ?? []).map((one: EnvVar) => ({ name: one.name ?? '', value: one.value ?? '' })),
      };
    }),
  };
}

/** @throws Error if the timeout is no duration */
function overridesOf({ tasks, timeout, containers }: Form): Overrides {
  const overrides: Overrides = {};
  if (tasks.trim() !== '') overrides.taskCount = Number(tasks);
  if (timeout.trim() !== '') {
    const seconds = parseGcloudDuration(timeout.trim());
    if (seconds === undefined) throw new Error('The timeout is not a duration such as 90s, 10m or 1h30m.');
    overrides.timeout = `${seconds}s`;
  }
  const changed = containers.flatMap(({ name, own, args, env }): ContainerOverride[] => {
    const same = args.length === own.length && args.every((arg, i) => arg === own[i]);
    const variables = env.filter((one) => one.name.trim() !== '');
    if (same && variables.length === 0) return [];
    return [
      {
        ...(containers.length > 1 && name && { name }),
        ...(!same && (args.length > 0 ? { args } : { clearArgs: true })),
        ...(variables.length > 0 && { env: variables.map((one) => ({ name: one.name.trim(), value: one.value })) }),
      },
    ];
  });
  if (changed.length > 0) overrides.containerOverrides = changed;
  return overrides;
}

interface Props {
  job: Job;
  /** What the form begins with. */
  given: Overrides;
  onClose: () => void;
  /** Gets the full name of the new execution. */
  onRun: (execution: string) => void;
}

/** Runs a job with overrides. */
export function RunDialog({ job, given, onClose, onRun }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [form, setForm] = useState(() => formOf(job, given));
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);

  let overrides: Overrides | undefined;
  let wrong: string | undefined;
  try {
    overrides = overridesOf(form);
  } catch (error) {
    wrong = said(error);
  }
  const submit = async (): Promise<void> => {
    if (!overrides) return setProblem(wrong);
    setBusy(true);
    setProblem(undefined);
    try {
      onRun(await run(job.name, overrides));
    } catch (error) {
      setProblem(said(error));
      setBusy(false);
    }
  };
  const setContainer = (at: number, change: Partial<ContainerForm>): void =>
    setForm({ ...form, containers: form.containers.map((one, i) => (i === at ? { ...one, ...change } : one)) });
  return (
    <dialog ref={dialog} aria-labelledby="run-title" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h2 id="run-title">Run {shortName(job.name)} with overrides</h2>
        <div class="fields">
          <label>
            Tasks
            <input
              type="number"
              min={1}
              max={10_000}
              placeholder={String(job.template.taskCount || 1)}
              value={form.tasks}
              onInput={({ currentTarget }) => setForm({ ...form, tasks: currentTarget.value })}
            />
          </label>
          <label>
            Timeout of an attempt
            <input
              placeholder={job.template.template.timeout ?? '600s'}
              value={form.timeout}
              onInput={({ currentTarget }) => setForm({ ...form, timeout: currentTarget.value })}
            />
          </label>
        </div>
        {form.containers.map((container, i) => (
          <ContainerFields
            key={i}
            container={container}
            title={form.containers.length > 1 ? `Container ${container.name ?? i + 1}` : undefined}
            onChange={(change) => setContainer(i, change)}
          />
        ))}
        {overrides && <Commands lines={[runLine(job.name, overrides, 'The same as a command')]} />}
        {(problem ?? wrong) !== undefined && <Notice>{problem ?? wrong}</Notice>}
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
          <button type="submit" class="primary" disabled={busy}>
            Run
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface FieldsProps {
  container: ContainerForm;
  title: string | undefined;
  onChange: (change: Partial<ContainerForm>) => void;
}

const without = <T,>(items: readonly T[], at: number): T[] => items.filter((_, i) => i !== at);
const put = <T,>(items: readonly T[], at: number, item: T): T[] => items.map((one, i) => (i === at ? item : one));

function ContainerFields({ container: { args, env }, title, onChange }: FieldsProps): JSX.Element {
  return (
    <>
      {title && <h3>{title}</h3>}
      <fieldset>
        <legend>Arguments</legend>
        {args.map((arg, i) => (
          <div key={i} class="item">
            <textarea
              rows={1}
              aria-label={`Argument ${i + 1}`}
              value={arg}
              onInput={({ currentTarget }) => onChange({ args: put(args, i, currentTarget.value) })}
            />
            <button
              type="button"
              class="quiet"
              aria-label={`Remove argument ${i + 1}`}
              onClick={() => onChange({ args: without(args, i) })}
            >
              Remove
            </button>
          </div>
        ))}
        <button type="button" class="quiet" onClick={() => onChange({ args: [...args, ''] })}>
          Add argument
        </button>
      </fieldset>
      <fieldset>
        <legend>Environment variables to add or replace</legend>
        {env.map((variable, i) => (
          <div key={i} class="item">
            <input
              aria-label={`Name of variable ${i + 1}`}
              placeholder="NAME"
              value={variable.name}
              onInput={({ currentTarget }) =>
                onChange({ env: put(env, i, { ...variable, name: currentTarget.value }) })
              }
            />
            <textarea
              rows={1}
              aria-label={`Value of variable ${i + 1}`}
              placeholder="value"
              value={variable.value}
              onInput={({ currentTarget }) =>
                onChange({ env: put(env, i, { ...variable, value: currentTarget.value }) })
              }
            />
            <button
              type="button"
              class="quiet"
              aria-label={`Remove variable ${i + 1}`}
              onClick={() => onChange({ env: without(env, i) })}
            >
              Remove
            </button>
          </div>
        ))}
        <button type="button" class="quiet" onClick={() => onChange({ env: [...env, { name: '', value: '' }] })}>
          Add variable
        </button>
      </fieldset>
    </>
  );
}

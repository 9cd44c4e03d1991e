import type { Overrides } from '../model/schema/run.js';
import { shellWord } from '../model/shell-word.js';
import { placeOf, shortName } from './names.js';

/** The same in gcloud and in localrun. */
export interface CommandLine {
  title: string;
  /** Undefined where gcloud has no such command. */
  gcloud?: string | undefined;
  localrun: string;
}

/** Characters between the items of a list, when an item has a comma. */
const delimiters = [';', '|', '#', '~', ':', '/', '!', '@', '%', '+'];

/** A list in gcloud's syntax: `a,b`, or `^;^a,b;c` (see `gcloud topic escaping`). */
function listed(items: readonly string[]): string {
  const plain = items.every((item) => !item.includes(',')) && !items[0]?.startsWith('^') && items.at(-1) !== '';
  if (plain) return items.join(',');
  const free = delimiters.find((one) => items.every((item) => !item.includes(one))) ?? ',';
  return `^${free}^${items.join(free)}${items.at(-1) === '' ? free : ''}`;
}

function overrideFlags({ taskCount, timeout, containerOverrides = [] }: Overrides): string[] {
  return [
    ...(taskCount ? [`--tasks=${taskCount}`] : []),
    ...(timeout ? [`--task-timeout=${timeout}`] : []),
    ...containerOverrides.flatMap(({ name, args, clearArgs, env }) => [
      ...(name ? [`--container=${name}`] : []),
      ...(clearArgs ? ['--args='] : args?.length ? [`--args=${listed(args)}`] : []),
      ...(env?.length ? [`--update-env-vars=${listed(env.map((one) => `${one.name}=${one.value ?? ''}`))}`] : []),
    ]),
  ];
}

function line(title: string, name: string, words: string, flags: readonly string[] = [], own?: string): CommandLine {
  const { project, region } = placeOf(name);
  const rest = [
    words,
    shellWord(shortName(name)),
    `--region=${region}`,
    `--project=${project}`,
    ...flags.map(shellWord),
  ];
  const localrun = `localrun jobs ${rest.join(' ')}`;
  return own === undefined
    ? { title, localrun, gcloud: `gcloud run jobs ${rest.join(' ')}` }
    : { title, localrun: localrun + own };
}

export const runLine = (job: string, overrides: Overrides, title = 'Run the job'): CommandLine =>
  line(title, job, 'execute', overrideFlags(overrides));

export const jobLines = (job: string): CommandLine[] => [
  runLine(job, {}),
  line('Show the job', job, 'describe'),
  line('Export it as YAML', job, 'describe', ['--format=export']),
  line('Delete it', job, 'delete'),
];

/** @param job the full name of its job */
export function executionLines(execution: string, job: string, overrides: Overrides, failed: boolean): CommandLine[] {
  const logs = line('Read its logs', execution, 'executions logs read');
  return [
    runLine(job, overrides, 'Run it again'),
    ...(failed
      ? [line('Run only the tasks that failed', job, 'execute', [`--failed-of=${shortName(execution)}`], '')]
      : []),
    line('Show the execution', execution, 'executions describe'),
    { ...logs, gcloud: logs.gcloud?.replace('gcloud run', 'gcloud beta run') },
    line('List its tasks', execution, 'executions tasks list --execution'),
    line('Cancel it', execution, 'executions cancel'),
    line('Save this page as one file', execution, 'executions report', ['--html'], ' > report.html'),
  ];
}

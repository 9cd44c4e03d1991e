import { Chalk } from 'chalk';
import { parseName, shortName } from '../../../model/names.js';
import type { Execution, Job } from '../../../model/schema/job.js';
import type { TaskView } from '../../../service/tasks.js';
import { executionSymbol, jobSymbol, type Look, taskSymbol } from '../symbols.js';
import { shownState, succeeded } from '../columns.js';
import { type Key, rootOf } from './keys.js';

/** How a kind of thing is seen by `--format`, `--filter` and `--sort-by`. */
export interface Kind<T> {
  /** What `json` and `yaml` print. */
  v2: (of: T) => object;
  /** The same as gcloud has it. */
  v1?: (of: T) => Promise<object>;
  /** Short names for what is asked for often, as gcloud has them in projections; they come before fields. */
  attributes?: (of: T) => Record<string, unknown>;
}

/** Anything that has one shape only. */
export const plain: Kind<object> = { v2: (of) => of };

const named = ({ name }: { name: string }): Record<string, unknown> => ({
  name: shortName(name),
  region: parseName(name).location,
});

const plainText: Look = { chalk: new Chalk({ level: 0 }), unicode: true };

export const jobKind: Kind<Job> = {
  v2: ({ onlyV1: _onlyV1, ...job }) => job,
  v1: async (job) => (await import('../../../model/v1/write.js')).jobToV1(job),
  attributes: (job) => ({
    ...named(job),
    author: job.creator,
    creation_timestamp: job.createTime,
    ready_symbol: jobSymbol(job, plainText),
  }),
};

export const executionKind: Kind<Execution> = {
  v2: (execution) => {
    const shown = { ...execution };
    delete shown.jobVersion;
    return shown;
  },
  v1: async (execution) => (await import('../../../model/v1/write.js')).executionToV1(execution),
  attributes: (execution) => ({
    ...named(execution),
    author: execution.creator,
    creation_timestamp: execution.createTime,
    job_name: execution.job,
    ready_symbol: executionSymbol(execution, plainText),
    succeeded_status: succeeded(execution),
  }),
};

export const taskKind: Kind<TaskView> = {
  v2: ({ task }) => task,
  v1: async ({ task, record }) => (await import('../../../model/v1/write.js')).taskToV1(task, record.state),
  attributes: ({ task, record }) => ({
    ...named(task),
    creation_timestamp: task.createTime,
    ready_symbol: taskSymbol(record, plainText),
    execution_name: task.execution,
    running_state: shownState(record),
    index: record.index,
    retries: record.retried,
  }),
};

/** The fields that all v1 resources begin with; no v2 resource has one of that name. */
const v1Roots: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status']);

/** A thing as keys see it: v2 and v1 at once, since their fields have different names. v1 is made only if it is asked for. */
export async function asRow<T>(
  { v2, v1, attributes }: Kind<T>,
  of: T,
  keys: readonly Key[] | 'all',
): Promise<Record<string, unknown>> {
  const asked = keys === 'all' || keys.some((key) => mentions(key, v1Roots));
  return { ...(asked && v1 && (await v1(of))), ...v2(of), ...attributes?.(of) };
}

const mentions = (key: Key, roots: ReadonlySet<string>): boolean =>
  roots.has(rootOf(key) ?? '') ||
  key.calls.some(({ args }) => args.some((arg) => roots.has(/^\w+/.exec(arg)?.[0] ?? '')));

/** The address of a resource in the API. */
export const uriOf = ({ name }: { name: string }): string => `https://run.googleapis.com/v2/${name}`;

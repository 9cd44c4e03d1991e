import { Chalk } from 'chalk';
import { parseName, shortName } from '../../model/names.js';
import type { Execution, Job } from '../../model/schema/job.js';
import type { TaskView } from '../../service/tasks.js';
import { executionSymbol, jobSymbol, type Look, taskSymbol } from './symbols.js';
import { shownState, succeeded } from './columns.js';

/** A kind of resource as `--format`, `--filter` and `--sort-by` see it. */
export interface Kind<T> {
  /** The resource as `json` and `yaml` print it. */
  v2: (of: T) => object;
  /** The same in gcloud's shape. */
  v1?: (of: T) => Promise<object>;
  /** gcloud's short names for frequent fields in projections; they take precedence over fields. */
  attributes?: (of: T) => Record<string, unknown>;
}

/** Anything with only one shape. */
export const plain: Kind<object> = { v2: (of) => of };

const named = ({ name }: { name: string }): Record<string, unknown> => ({
  name: shortName(name),
  region: parseName(name).location,
});

const plainText: Look = { chalk: new Chalk({ level: 0 }), unicode: true };

export const jobKind: Kind<Job> = {
  v2: ({ onlyV1: _onlyV1, ...job }) => job,
  v1: async (job) => (await import('../../model/v1/write.js')).jobToV1(job),
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
  v1: async (execution) => (await import('../../model/v1/write.js')).executionToV1(execution),
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
  v1: async ({ task, record }) => (await import('../../model/v1/write.js')).taskToV1(task, record.state),
  attributes: ({ task, record, place }) => ({
    ...named(task),
    ...(place && { node: place.node, waiting: place.waiting }),
    creation_timestamp: task.createTime,
    ready_symbol: taskSymbol(record, plainText),
    execution_name: task.execution,
    running_state: shownState(record),
    index: record.index,
    retries: record.retried,
  }),
};

/** The address of a resource in the API. */
export const uriOf = ({ name }: { name: string }): string => `https://run.googleapis.com/v2/${name}`;

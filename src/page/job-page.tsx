import type { JSX } from 'preact';
import { Actions } from './actions.js';
import { jobLines } from './command-lines.js';
import { Commands } from './commands.js';
import type { JobView } from './data.js';
import { ExecutionTable, isActive } from './execution-table.js';
import { moment } from './format.js';
import { placeOf } from './names.js';
import { go } from './navigation.js';
import { Tabs, useNow } from './parts.js';
import type { Route } from './route.js';
import { YamlView } from './yaml-view.js';

interface Props {
  data: JobView;
  route: Route;
  /** The query of the job. */
  address: string;
}

export function JobPage({ data: { job, executions, more }, route, address }: Props): JSX.Element {
  const now = useNow(executions.some(isActive));
  const tab = route.tab ?? 'executions';
  const { template, taskCount, parallelism } = job.template;
  const { region } = placeOf(job.name);
  return (
    <>
      <header class="title">
        <h1>{route.id}</h1>
        <Actions job={job} overrides={{}} runText="Run" />
      </header>
      <dl class="facts">
        <div>
          <dt>Image</dt>
          <dd>{template.containers.map(({ image }) => image).join(', ')}</dd>
        </div>
        <div>
          <dt>Tasks</dt>
          <dd>
            {(taskCount || 1).toLocaleString('en')}
            {parallelism ? `, ${parallelism} at once` : ''}
          </dd>
        </div>
        <div>
          <dt>Retries</dt>
          <dd>up to {template.maxRetries ?? 0}</dd>
        </div>
        <div>
          <dt>Timeout</dt>
          <dd>{template.timeout}</dd>
        </div>
        <div>
          <dt>Region</dt>
          <dd>{region}</dd>
        </div>
        <div>
          <dt>Changed</dt>
          <dd>{moment(job.updateTime)}</dd>
        </div>
      </dl>
      <Tabs
        label="Job"
        selected={tab}
        onSelect={(id) => go({ ...route, tab: id })}
        tabs={[
          { id: 'executions', text: 'Executions' },
          { id: 'yaml', text: 'YAML' },
          { id: 'commands', text: 'Commands' },
        ]}
      >
        {tab === 'yaml' ? (
          <YamlView address={address} etag={job.etag} />
        ) : tab === 'commands' ? (
          <Commands lines={jobLines(job.name)} />
        ) : (
          <ExecutionTable rows={executions} more={more} now={now} ofOneJob empty="It has not run yet." />
        )}
      </Tabs>
    </>
  );
}

import type { Entries } from '../command/command.js';
import { atLeast, booleanFlag, collected, type Flag, flag, type Track } from '../flags/flag.js';
import { bindingFlags } from '../flags/iam-binding.js';
import { perContainer } from '../flags/job/container-groups.js';
import type { JobCommand } from '../flags/job/job.js';
import { listFlags } from '../flags/list.js';
import { durationFlag, integerFlag, listFlag } from '../flags/parsers.js';
import { taskStateFlags } from '../flags/task-states.js';

const theJob = ['<job>', 'the name of the job'] as const;
const optionalJob = ['[job]', 'the name of the job'] as const;
const theExecution = ['<execution>', 'the name of the execution'] as const;

/** The headings in the help of `jobs`. */
const headings = { run: 'Run and watch:', specs: 'Spec files:', jobs: 'Jobs:', permissions: 'Permissions:' };

const strict = flag('--strict', 'treat warnings about the spec as errors, and check what only Cloud Run requires');
const specFile = flag('-f, --file <file>', 'job spec, - for stdin');
const showDeleted = (what: string): Flag => flag('--show-deleted', `also ${what} deleted in the last 30 days`);

/** The flags of a command that writes a job by flags; they are many, and loaded on demand. */
const writeFlags =
  (of: JobCommand) =>
  async (track: Track): Promise<Flag[]> => {
    const { jobFlags } = await import('../flags/job/job.js');
    return [
      specFile,
      strict,
      ...booleanFlag('--async', 'do not wait until the job is ready'),
      ...booleanFlag('--execute-now', 'run the job once it is ready, and wait until the execution has started'),
      ...booleanFlag('--wait', 'the same, and wait until the execution has ended; exit 1 if it failed'),
      ...jobFlags(of, track),
    ];
  };

const reportFlags = async (): Promise<Flag[]> => [(await import('../flags/report.js')).reportFlag()];

async function runFlags(track: Track): Promise<Flag[]> {
  const [{ jobFlags }, { localFlags, oneRunFlags }, { reportFlag }, { taskFlags }] = await Promise.all([
    import('../flags/job/job.js'),
    import('../flags/local.js'),
    import('../flags/report.js'),
    import('../flags/tasks.js'),
  ]);
  return [
    flag('-f, --file <file>', 'job spec, YAML or JSON, v1, v2 or of Terraform; - for stdin'),
    strict,
    ...booleanFlag('--watch', 'run again when the spec or the source changes, until Ctrl-C (localrun only)'),
    ...jobFlags('run', track),
    reportFlag(),
    ...taskFlags,
    ...localFlags,
    ...oneRunFlags,
  ];
}

async function executeFlags(track: Track): Promise<Flag[]> {
  const [{ envFlag }, { delayFlags }, { localFlags, oneRunFlags }, { reportFlag }, { taskFlags }] = await Promise.all([
    import('../flags/job/container.js'),
    import('../flags/job/job.js'),
    import('../flags/local.js'),
    import('../flags/report.js'),
    import('../flags/tasks.js'),
  ]);
  return [
    ...taskFlags,
    ...localFlags,
    ...oneRunFlags,
    flag('--tasks <count>', 'number of tasks of this execution', { parse: integerFlag('--tasks', 1) }),
    flag('--task-timeout <duration>', 'time for one attempt in this execution', {
      parse: durationFlag('--task-timeout'),
    }),
    ...booleanFlag('--wait', 'wait until the execution has ended; exit 1 if it failed'),
    ...booleanFlag('--tail', 'the same, and meanwhile show the output of its tasks'),
    ...booleanFlag('--async', 'do not wait at all'),
    reportFlag(),
    ...delayFlags.filter((of) => atLeast(track, of.track)),
    ...perContainer([
      flag('--args <list>', 'arguments in this execution; empty: none', { parse: listFlag('--args') }),
      flag('--update-env-vars <KEY=VALUE,...>', 'environment variables to add in this execution', {
        parse: envFlag('--update-env-vars'),
      }),
    ]),
  ];
}

const logs = (argument: typeof theJob | typeof theExecution): Entries => {
  const ofJob = argument === theJob;
  return {
    read: {
      description: ofJob
        ? "Show the logs of a job's executions, by default of the last day."
        : 'Show the logs of an execution.',
      arguments: [argument],
      flags: async () => (await import('../flags/log.js')).logReadFlags,
      examples: ofJob
        ? [
            'localrun jobs logs read nightly --limit 50',
            "localrun jobs logs read nightly --freshness 1h --log-filter 'severity>=ERROR'",
          ]
        : [
            'localrun jobs executions logs read nightly-x7k2p --task 3 --prefix',
            'localrun jobs executions logs read nightly-x7k2p --severity ERROR',
          ],
      load: ofJob ? () => import('./jobs/logs/read.js') : () => import('./jobs/executions/logs/read.js'),
    },
    tail: {
      description: ofJob
        ? "Show new log entries of a job's executions, until Ctrl-C."
        : 'Show the log entries of an execution, old and new, until it has ended.',
      arguments: [argument],
      flags: async () => (await import('../flags/log.js')).logTailFlags,
      examples: ofJob
        ? ['localrun jobs logs tail nightly --prefix']
        : ['localrun jobs executions logs tail nightly-x7k2p --task 3'],
      load: ofJob ? () => import('./jobs/logs/tail.js') : () => import('./jobs/executions/logs/tail.js'),
    },
  };
};

const tasks: Entries = {
  list: {
    description: 'List the tasks of an execution by index.',
    flags: [
      flag('--execution <execution>', 'the name of the execution', { required: true }),
      ...taskStateFlags,
      ...listFlags,
    ],
    examples: [
      'localrun jobs executions tasks list --execution nightly-x7k2p',
      'localrun jobs executions tasks list --execution nightly-x7k2p --failed',
    ],
    load: () => import('./jobs/executions/tasks/list.js'),
  },
  describe: {
    description: 'Show a task of an execution.',
    arguments: [['<task>', 'the name of the task: EXECUTION-taskINDEX']],
    examples: ['localrun jobs executions tasks describe nightly-x7k2p-task3'],
    load: () => import('./jobs/executions/tasks/describe.js'),
  },
};

const executions: Entries = {
  list: {
    description: 'List executions: first those that have not started, then the others, newest first.',
    flags: [flag('--job <job>', 'only executions of this job'), showDeleted('executions'), ...listFlags],
    examples: [
      'localrun jobs executions list --job nightly --limit 10',
      "localrun jobs executions list --format 'value(metadata.name)'",
    ],
    load: () => import('./jobs/executions/list.js'),
  },
  describe: {
    description: 'Show an execution. With --format=export: as v1 YAML.',
    arguments: [theExecution],
    flags: [showDeleted('an execution')],
    exportable: true,
    examples: [
      'localrun jobs executions describe nightly-x7k2p',
      'localrun jobs executions describe nightly-x7k2p --format json',
    ],
    load: () => import('./jobs/executions/describe.js'),
  },
  'describe-latest': {
    description: 'Show the newest execution of a job.',
    flags: [flag('--job <job>', 'the name of the job', { required: true })],
    exportable: true,
    examples: ['localrun jobs executions describe-latest --job nightly'],
    load: () => import('./jobs/executions/describe-latest.js'),
  },
  cancel: {
    description: 'Cancel an execution: running tasks get SIGTERM, and SIGKILL after their grace period.',
    arguments: [theExecution],
    flags: booleanFlag('--async', 'do not wait until it has ended'),
    examples: ['localrun jobs executions cancel nightly-x7k2p'],
    load: () => import('./jobs/executions/cancel.js'),
  },
  delete: {
    description: 'Delete an execution with its tasks and logs; a running one is cancelled first.',
    arguments: [theExecution],
    flags: booleanFlag('--async', 'do not wait until it has ended and is deleted'),
    examples: ['localrun jobs executions delete nightly-x7k2p --quiet'],
    load: () => import('./jobs/executions/delete.js'),
  },
  wait: {
    description: 'Wait until an execution has ended, in whatever process it runs; exit 1 if it failed.',
    arguments: [theExecution],
    flags: reportFlags,
    notes: 'An orphaned execution resumes in the background. Ctrl-C ends only the waiting.',
    examples: ['localrun jobs executions wait nightly-x7k2p'],
    load: () => import('./jobs/executions/wait.js'),
  },
  adopt: {
    description: 'Resume an orphaned execution, whose process is gone; follow it, and exit with its result.',
    arguments: [theExecution],
    flags: reportFlags,
    notes: `As in \`localrun jobs run\`, Ctrl-C cancels the execution. Without this command, the next command that looks at \
executions resumes it in the background.`,
    examples: ['localrun jobs executions adopt nightly-x7k2p'],
    load: () => import('./jobs/executions/adopt.js'),
  },
  report: {
    description: 'Report on an execution: as one HTML file without a server, as JUnit XML, or as JSON.',
    arguments: [theExecution],
    flags: async () => [
      flag('--html', 'print a page with its tasks, timeline, logs and YAML; the default'),
      flag('--junit', 'print JUnit XML with a test case for each task'),
      flag('--json', 'print its tasks and attempts as JSON'),
      ...(await reportFlags()),
      flag('--log-lines <count>', 'the newest lines of its logs in the page; default: 10000', {
        parse: integerFlag('--log-lines', 0),
      }),
    ],
    notes: 'The page needs no network, and any browser shows it. docs/ci.md describes the formats.',
    examples: [
      'localrun jobs executions report nightly-x7k2p --html > report.html',
      'localrun jobs executions report nightly-x7k2p --report junit=report.xml,json=report.json',
    ],
    load: () => import('./jobs/executions/report.js'),
  },
  logs: { description: 'Show the logs of executions.', commands: () => logs(theExecution) },
  tasks: { description: 'Show the tasks of executions.', commands: () => tasks },
};

export const jobs: Entries = {
  run: {
    group: headings.run,
    description: 'Apply a job spec, run the job, follow it, and exit with its result.',
    arguments: [['[job]', 'the name of the job, or a job spec as with -f; optional with -f']],
    takesSpec: true,
    flags: runFlags,
    notes: 'Logs and progress go to stderr, the tables at the end to stdout. Ctrl-C cancels the execution.',
    examples: [
      'localrun jobs run job.yaml',
      'localrun jobs run -f job.yaml --tasks 2 --format json',
      'localrun jobs run nightly',
      'localrun jobs run nightly --last-failed',
      'localrun jobs run nightly --task 3,7-9',
      'localrun jobs run hello --image alpine --command echo --args hello',
      'localrun jobs run etl --source .',
      'localrun jobs run -f job.yaml --build . --watch',
    ],
    load: () => import('./jobs/run.js'),
  },
  validate: {
    group: headings.specs,
    description: 'Check job specs against every rule, without storing anything.',
    arguments: [['[file...]', 'job specs, YAML or JSON, v1, v2 or of Terraform; globs; - for stdin']],
    flags: [flag('-f, --file <file...>', 'the same, as an option'), strict],
    notes: `Exits with 1 if anything is wrong. With --format json, prints the problems of each file with line, column, path, rule, \
severity, message and fix. docs/rules.md lists the rules.`,
    examples: [
      'localrun jobs validate job.yaml',
      "localrun jobs validate 'deploy/**/*.yaml' --strict",
      'gcloud run jobs describe nightly --format export | localrun jobs validate -',
    ],
    here: true,
    load: () => import('./jobs/validate.js'),
  },
  diff: {
    group: headings.specs,
    description: 'Show in which fields a job and a job spec differ, or two job specs.',
    arguments: [
      ['[job]', 'the name of the job; optional with a file that names it'],
      ['[file...]', 'the spec to compare it with; or two specs to compare; - for stdin'],
    ],
    takesSpec: true,
    flags: [flag('-f, --file <file>', 'the same, as an option', { parse: collected })],
    notes: `gcloud has no such command. Defaults, what only the service sets, and the order of variables, volumes and containers are no \
difference; neither are name, project and region. The exit code is 0 if there is no difference, 1 if there is one, and 2 \
if the jobs cannot be compared. docs/production.md has the form of --format json.`,
    examples: [
      'localrun jobs diff nightly -f job.yaml',
      'gcloud run jobs describe nightly --format export | localrun jobs diff nightly -',
      'gcloud run jobs describe nightly --format export | localrun jobs diff - job.yaml',
    ],
    load: () => import('./jobs/diff.js'),
  },
  export: {
    group: headings.specs,
    description:
      'Print a job for another system: --to kubernetes prints an Indexed Job, which needs nothing of localrun.',
    arguments: [['[job]', 'the name of the job; optional with -f']],
    flags: [
      specFile,
      strict,
      flag('--to <system>', 'the system: kubernetes', { choices: ['kubernetes'], required: true }),
    ],
    notes: `The result is checked against the published schema of Kubernetes, and not run by localrun's tests. It needs Kubernetes \
1.33 (1.29 to 1.32 as beta). stderr says what the cluster must have, and which fields of the job are left out. \
docs/scale-out.md says when to use it, and what differs. For Cloud Run itself, see jobs describe --format export.`,
    examples: [
      'localrun jobs export nightly --to kubernetes | kubectl create -f -',
      'localrun jobs export -f job.yaml --to kubernetes > nightly-job.yaml',
    ],
    load: () => import('./jobs/export.js'),
  },
  create: {
    group: headings.jobs,
    description: 'Create a job from flags, or from a spec file.',
    arguments: [optionalJob],
    flags: writeFlags('create'),
    examples: [
      'localrun jobs create nightly --image gcr.io/acme/etl:1 --tasks 10 --max-retries 1',
      'localrun jobs create nightly -f job.yaml --execute-now',
    ],
    load: () => import('./jobs/create.js'),
  },
  update: {
    group: headings.jobs,
    description: 'Change a job by flags, or replace its spec from a file.',
    arguments: [optionalJob],
    flags: writeFlags('update'),
    examples: ['localrun jobs update nightly --memory 1Gi --update-env-vars MODE=full'],
    load: () => import('./jobs/update.js'),
  },
  deploy: {
    group: headings.jobs,
    description: 'Create a job from flags or a spec file, or change the existing job.',
    arguments: [optionalJob],
    flags: writeFlags('deploy'),
    examples: [
      'localrun jobs deploy nightly --image gcr.io/acme/etl:2 --env-file .env --wait',
      'localrun jobs deploy etl --source .',
    ],
    load: () => import('./jobs/deploy.js'),
  },
  replace: {
    group: headings.jobs,
    description: 'Create a job, or replace it completely, from the spec in a YAML or JSON file.',
    arguments: [['[file]', 'job spec, - for stdin; default: ./job.yaml']],
    flags: async () => [
      ...(await import('../flags/job/job.js')).clientFlags,
      flag('-f, --file <file>', 'the same, as an option'),
      strict,
      ...booleanFlag('--async', 'do not wait until the job is ready'),
    ],
    examples: [
      'localrun jobs replace job.yaml',
      'gcloud run jobs describe nightly --format export | localrun jobs replace -',
    ],
    load: () => import('./jobs/replace.js'),
  },
  describe: {
    group: headings.jobs,
    description: 'Show a job. With --format=export: as YAML for `replace`.',
    arguments: [theJob],
    flags: [showDeleted('a job')],
    exportable: true,
    examples: ['localrun jobs describe nightly', 'localrun jobs describe nightly --format export > job.yaml'],
    load: () => import('./jobs/describe.js'),
  },
  list: {
    group: headings.jobs,
    description: 'List jobs by name, of all regions unless --region names one.',
    flags: [showDeleted('jobs'), ...listFlags],
    examples: ['localrun jobs list', 'localrun jobs list --filter labels.team=data --sort-by ~name'],
    load: () => import('./jobs/list.js'),
  },
  delete: {
    group: headings.jobs,
    description: 'Delete a job and its executions; running ones are stopped first.',
    arguments: [theJob],
    flags: booleanFlag('--async', 'do not wait until everything has ended'),
    examples: ['localrun jobs delete nightly'],
    load: () => import('./jobs/delete.js'),
  },
  execute: {
    group: headings.run,
    description: 'Run a job in the background; return once it has started, or with --wait or --tail once it has ended.',
    arguments: [optionalJob],
    flags: executeFlags,
    examples: [
      'localrun jobs execute nightly',
      'localrun jobs execute nightly --tail --tasks 2 --update-env-vars MODE=full',
    ],
    load: () => import('./jobs/execute.js'),
  },
  'get-iam-policy': {
    group: headings.permissions,
    description: 'Show the IAM policy of a job.',
    arguments: [theJob],
    examples: ['localrun jobs get-iam-policy nightly --format yaml > policy.yaml'],
    load: () => import('./jobs/get-iam-policy.js'),
  },
  'set-iam-policy': {
    group: headings.permissions,
    description: 'Replace the IAM policy of a job with the policy in a file.',
    arguments: [theJob, ['<policy-file>', 'the policy, YAML or JSON; - for stdin']],
    examples: ['localrun jobs set-iam-policy nightly policy.yaml'],
    load: () => import('./jobs/set-iam-policy.js'),
  },
  'add-iam-policy-binding': {
    group: headings.permissions,
    description: 'Grant a role to a principal in the IAM policy of a job.',
    arguments: [theJob],
    flags: bindingFlags,
    examples: ['localrun jobs add-iam-policy-binding nightly --member user:dev@example.com --role roles/run.invoker'],
    load: () => import('./jobs/add-iam-policy-binding.js'),
  },
  'remove-iam-policy-binding': {
    group: headings.permissions,
    description: 'Revoke a role from a principal in the IAM policy of a job.',
    arguments: [theJob],
    flags: [
      ...bindingFlags,
      flag('--all', 'with any condition, or without one', { conflicts: ['condition', 'conditionFromFile'] }),
    ],
    examples: [
      'localrun jobs remove-iam-policy-binding nightly --member user:dev@example.com --role roles/run.invoker',
    ],
    load: () => import('./jobs/remove-iam-policy-binding.js'),
  },
  'test-iam-permissions': {
    group: headings.permissions,
    description: 'Show which permissions on a job its IAM policy grants to you, or to another --account.',
    arguments: [theJob, ['[permission...]', 'e.g. run.jobs.run; default: all permissions']],
    examples: ['localrun jobs test-iam-permissions nightly run.jobs.run --account dev@example.com'],
    load: () => import('./jobs/test-iam-permissions.js'),
  },
  logs: { group: headings.run, description: 'Show the logs of jobs.', commands: () => logs(theJob) },
  executions: { group: headings.run, description: 'Manage the executions of jobs.', commands: () => executions },
};

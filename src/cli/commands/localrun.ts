import { UsageError } from '../errors.js';
import { parseSize } from '../../model/quantity.js';
import { completionInstallation } from '../command/completion-installation.js';
import type { Entries, Group } from '../command/command.js';
import { flag } from '../flags/flag.js';
import { durationFlag, integerFlag } from '../flags/parsers.js';
import { serveFlags } from '../flags/serve.js';

function sizeFlag(text: string): number {
  const bytes = parseSize(text);
  if (bytes) return bytes;
  throw new UsageError(`argument --max-size: ${JSON.stringify(text)} is not a size such as 500MB, 1GiB`);
}

export const localrun: Group = {
  description: 'Cloud Run jobs on your own machine, with the commands, flags and output of `gcloud run jobs`.',
  notes: `Exit codes: 0 success; 1 the command or its execution failed; 2 usage error; 130, 143 interrupted; 129 terminal closed.
Environment variables: localrun help environment
Global flags: localrun help global`,
  examples: [
    'localrun jobs run job.yaml',
    'localrun jobs run hello --image alpine --command echo --args hello',
    'localrun jobs run hello --last-failed',
    'localrun jobs logs read hello',
    'localrun serve',
  ],
  commands: () => ({
    jobs: {
      description: 'Create, run and watch jobs.',
      commands: async () => (await import('./jobs.js')).jobs,
    },
    init: {
      description: 'Write a job.yaml from a Dockerfile, a compose service, a Job of Kubernetes or a plan of Terraform.',
      arguments: [['[job]', 'the name of the job; default: that of what it is made of']],
      flags: [
        flag('--from <file>', 'what to make it of, - for stdin; default: what is in this directory'),
        flag('--service <name>', 'the service or job in that file, if there are several'),
        flag('-o, --output <file>', 'the file to write, - for stdout; default: job.yaml'),
        flag('--force', 'overwrite it'),
      ],
      notes: `The file says in comments what each value was taken from, and what could not be carried over and why. It is \
valid as it is. Values that are secrets are not copied: the job refers to a secret of that name. localrun config init is \
another command: it adds what a job needs from this machine, such as the values of these secrets, to localrun.yaml.`,
      examples: [
        'localrun init',
        'localrun init --from compose.yaml --service etl',
        'kubectl get cronjob nightly -o yaml | localrun init --from -',
        'terraform show -json tfplan | localrun init --from - --service nightly',
      ],
      here: true,
      load: () => import('./init.js'),
    },
    config: {
      description: 'Show and write the configuration of this machine.',
      commands: async () => (await import('./config.js')).config,
    },
    doctor: {
      description:
        'Check the container engine, the store and the leftovers of executions, and say how to fix problems.',
      flags: [flag('--fix', 'remove leftovers of executions, resume orphaned executions, replace a damaged store')],
      examples: ['localrun doctor', 'localrun doctor --fix'],
      load: () => import('./doctor.js'),
    },
    debug: {
      description: 'Open a shell in a container of a task that is running, or whose containers are kept.',
      arguments: [
        ['[execution]', 'the name of the execution; optional if only one is running'],
        ['[command...]', 'after `--`: a command to run in place of a shell'],
      ],
      flags: [
        flag('--task <index>', 'the task; optional if only one is running, or has kept containers', {
          parse: integerFlag('--task', 0),
        }),
        flag('--attempt <number>', 'the attempt of the task, from 0; default: the last one', {
          parse: integerFlag('--attempt', 0),
        }),
        flag('--container <name>', 'the container; default: the main one'),
        flag('--toolbox <image>', 'open a toolbox of this image beside the container, even if it has a shell'),
      ],
      notes: `The shell is in the container itself while it runs, and in a copy of it once it has ended, if --keep or --keep-failed \
left it. Where the image has no shell, it is in a toolbox beside the container: a container of another image (LOCALRUN_TOOLBOX; \
default: busybox) with the same network, processes, volumes and variables, and the files below /proc/1/root. The exit code is \
that of the shell or command. Nothing stays when it ends. localrun only. docs/debug.md`,
      examples: [
        'localrun debug nightly-x7k2p --task 3',
        'localrun debug nightly-x7k2p --task 3 -- cat /tmp/report.json',
        'localrun debug nightly-x7k2p --toolbox nicolaka/netshoot',
      ],
      load: () => import('./debug.js'),
    },
    prune: {
      description: 'Remove ended executions with their logs, and the remains of deleted ones.',
      flags: [
        flag('--older-than <duration>', 'only what ended longer ago than this, e.g. 12h, 7d', {
          parse: durationFlag('--older-than'),
        }),
        flag('--keep-last <count>', 'keep the last executions of each job', { parse: integerFlag('--keep-last', 0) }),
        flag('--max-size <size>', 'remove the oldest until the rest fits, e.g. 500MB, 1GiB', { parse: sizeFlag }),
        flag('--dry-run', 'show what would be removed, and remove nothing'),
      ],
      notes: `Each of these flags keeps something; without them, everything that has ended is removed. Running executions stay. The \
command first shows what it would remove, then prompts; in a session that is not interactive it removes nothing \
without --quiet. It covers all projects and regions, unless --project or --region names one.`,
      examples: ['localrun prune --older-than 7d', 'localrun prune --keep-last 5 --max-size 1GiB --quiet'],
      load: () => import('./prune.js'),
    },
    serve: {
      description: 'Serve the Cloud Run Admin API on this machine, for clients of Cloud Run.',
      arguments: [['[command...]', 'after `--`: a command to run while the API is served']],
      flags: serveFlags,
      notes: `Executions that requests start run in a process beside the server. When the server ends, they go on with the next \
localrun command. With a command, it serves as long as that runs, and ends with its exit code. A browser shows jobs, executions \
and logs at its address.`,
      examples: ['localrun serve', 'localrun serve --port 0 -- npm test'],
      here: true,
      load: () => import('./serve.js'),
    },
    worker: {
      description: 'Run executions in a cluster, without this machine. docs/kubernetes.md says how.',
      commands: () => worker,
    },
    completion: {
      description: 'Print the completion script of a shell, or how to install it.',
      arguments: [['[shell]', '', ['bash', 'zsh', 'fish']]],
      notes: completionInstallation,
      examples: ['localrun completion', 'localrun completion fish > ~/.config/fish/completions/localrun.fish'],
      loadForTree: () => import('./completion.js'),
    },
    help: {
      description: 'Show the help of a command, or a list: environment, global.',
      arguments: [['[command...]', 'the words of a command, such as jobs run; or environment, or global']],
      examples: ['localrun help jobs run', 'localrun help environment', 'localrun help global'],
      loadForTree: () => import('./help.js'),
    },
  }),
};

const worker: Entries = {
  manifest: {
    description: 'Print the objects of a cluster worker as YAML, for `kubectl apply -f -`.',
    flags: [
      flag('--image <image>', 'the image with localrun, as `npm run worker-image` makes it', { required: true }),
      flag('--namespace <namespace>', 'the namespace, which must be there; default: from localrun.yaml, or default'),
      flag('--storage <size>', 'the size of the volume with the state directory; default: 10Gi'),
      flag('--storage-class <class>', 'the storage class of the volume; default: that of the cluster'),
    ],
    notes: 'Commands go to the worker where LOCALRUN_WORKER or runtime.worker in localrun.yaml names it.',
    examples: [
      'localrun worker manifest --image registry.example/localrun-worker:1 --namespace jobs | kubectl apply -f -',
      'LOCALRUN_WORKER=jobs/localrun-worker localrun jobs run -f job.yaml',
    ],
    here: true,
    load: () => import('./worker/manifest.js'),
  },
  run: {
    description: 'Run every execution of the state directory that no other process runs, until SIGTERM.',
    notes: 'This is what the pod of a cluster worker runs.',
    examples: ['localrun worker run'],
    here: true,
    load: () => import('./worker/run.js'),
  },
};

/** Commands that only localrun itself calls. */
export const hidden: Entries = {
  __worker: {
    description: 'Run an execution to its end.',
    arguments: [
      // Not <execution>: a full name of one would become an id.
      ['<name>', 'the full name of the execution'],
      ['<token>', 'the token of the lease on it'],
    ],
    here: true,
    load: () => import('./worker.js'),
  },
  __runner: {
    description: 'Run the executions of a server.',
    here: true,
    load: () => import('./runner.js'),
  },
  __forwarded: {
    description: 'Do the work of a command line of another machine.',
    here: true,
    load: () => import('./forwarded.js'),
  },
  __complete: {
    description: 'List the names of jobs or executions.',
    arguments: [['<kind>', '']],
    load: () => import('./complete.js'),
  },
};

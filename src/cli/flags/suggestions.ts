import type { Command } from 'commander';
import { jobFlags } from './job/job.js';

/** Flags of other tools and other gcloud commands, and the flags here that probably match, likeliest first. */
const meant: readonly (readonly [names: readonly string[], flags: readonly string[]])[] = [
  [
    [
      '--env',
      '-e',
      '--env-var',
      '--env-vars',
      '--environment',
      '--environment-variables',
      '--set-env',
      '--set-env-var',
      '--set-env-vars',
    ],
    ['--set-env-vars', '--update-env-vars'],
  ],
  [['--env-var-file'], ['--env-file']],
  [['--secret', '--secrets', '--set-secret'], ['--set-secrets']],
  [['--timeout', '--timeout-seconds', '--task-timeout-seconds'], ['--task-timeout']],
  [['--retries', '--retry', '--max-retry', '--backoff-limit'], ['--max-retries']],
  [['--task-count', '--count', '--completions', '--replicas'], ['--tasks']],
  [['--parallel', '--workers', '--max-parallelism'], ['--parallelism']],
  [['--entrypoint', '--cmd'], ['--command']],
  [['--working-dir', '--work-dir', '-w'], ['--workdir']],
  [['--cpus'], ['--cpu']],
  [['--mem', '-m'], ['--memory']],
  [['--volume', '--volumes', '-v'], ['--add-volume']],
  [['--mount', '--volume-mount'], ['--add-volume-mount']],
  [['--gpus'], ['--gpu']],
  [['-p', '--expose'], ['--publish']],
  [
    ['--network-name', '--net'],
    ['--join-network', '--network'],
  ],
  [['--location', '--zone'], ['--region']],
  [['--output', '-o', '--json', '--yaml'], ['--format']],
  [['--yes', '-y', '--force', '--assume-yes'], ['--quiet']],
  [['--filename', '--spec', '--config'], ['--file']],
  [['--since', '--since-time'], ['--freshness']],
  [['--lines', '-n', '--tail'], ['--limit']],
  [['--detach', '-d', '--background', '--no-wait'], ['--async']],
];

/** Flags for services; a job does not serve requests. */
const forServices: ReadonlySet<string> = new Set([
  ...['--port', '--concurrency', '--ingress', '--min-instances', '--max-instances', '--min', '--max', '--no-traffic'],
  ...['--allow-unauthenticated', '--no-allow-unauthenticated', '--use-http2', '--session-affinity', '--cpu-throttling'],
  ...['--no-cpu-throttling', '--cpu-boost', '--liveness-probe', '--readiness-probe', '--domain', '--tag'],
]);

/**
 * What to write instead of a flag that a command does not have; undefined for an unknown flag.
 * @param words the command, such as `jobs execute`
 */
export function insteadOf(flag: string, command: Command, words: string): string | undefined {
  const names = meant.find(([wrong]) => wrong.includes(flag))?.[1] ?? [];
  const taken = names.map((name) => command.options.find(({ long }) => long === name)).find(Boolean);
  if (taken) return `did you mean ${taken.flags.replace(/^-\w, /, '').replaceAll(/[<>]/g, '')}?`;
  const ofJobs = jobFlags('run', 'ALPHA');
  const known = ofJobs.find(({ long }) => long === flag);
  if (known && known.track !== 'GA') {
    const track = known.track.toLowerCase();
    return `it is in ${track}: localrun ${track} ${words}`;
  }
  if (known?.commands && ['jobs create', 'jobs deploy'].includes(words)) {
    return `${flag} is a flag of localrun jobs ${known.commands.join(' and of jobs ')}`;
  }
  if (flag === '--source') return 'localrun jobs deploy --source DIRECTORY builds the image, and changes the job';
  if (flag === '--name') return 'give the name of the job without a flag';
  if (words.endsWith(' logs read') && ['--follow', '-f'].includes(flag)) {
    return `localrun ${words.replace(/read$/, 'tail')}`;
  }
  if (words === 'jobs run' && ['--wait', '--execute-now'].includes(flag))
    return `omit ${flag}: run waits until the execution has ended`;
  if (words === 'jobs run' && (flag === '--async' || names.includes('--async'))) {
    return 'localrun jobs execute JOB runs a job in the background';
  }
  if (forServices.has(flag)) return `omit ${flag}: it is for services`;
  const ofJob = ofJobs.find(({ long }) => long === flag || names.includes(long ?? ''));
  if (words === 'jobs execute' && ofJob) {
    return `an execution can override --tasks, --task-timeout, --args and --update-env-vars; for other flags, change the job with localrun jobs update JOB ${ofJob.long}, and then execute it`;
  }
  if (words === 'jobs replace' && ofJob) {
    return `set it in the file, or use localrun jobs deploy -f FILE ${ofJob.long}`;
  }
  return undefined;
}

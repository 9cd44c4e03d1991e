import { type Problem, StatusError, suggest } from '../errors.js';
import { jobIdLike } from '../names.js';
import { foreignDocument } from '../spec/foreign-files.js';
import { jobsOf, parseSpec } from '../spec/read.js';
import { parseSource, TooLarge } from '../spec/source-document.js';
import { type ComposeSurroundings, draftOfService, servicesOf } from './compose.js';
import { draftOfDockerfile } from './dockerfile.js';
import type { Draft } from './draft.js';
import { draftOfKubernetesJob, kubernetesJobs } from './kubernetes.js';
import { part, plainDocument, textOf } from './plain-document.js';
import { draftOfPlannedJob } from './terraform.js';

/** Something that a job can be made of. */
export interface JobSource {
  file: string;
  /** The service or job in the file, unique there; the name of the directory for a Dockerfile. */
  name: string;
  /** `the service etl in compose.yaml` */
  words: string;
  /** @throws StatusError with every problem */
  draft: () => Draft;
}

const isDockerfile = (file: string, text: string): boolean =>
  /(?:^|[/\\])(?:Dockerfile|Containerfile)[^/\\]*$|\.(?:Dockerfile|Containerfile)$/i.test(file) ||
  /^(?:\s*(?:#.*)?\n)*\s*(?:FROM|ARG)\s+\S/i.test(text);

/**
 * What a job can be made of in a file: a Dockerfile, the services of a compose file, the Jobs and CronJobs of a manifest
 * of Kubernetes, the jobs of a plan of Terraform.
 * @throws StatusError for a file that cannot be read as one of these
 */
export function sourcesIn(file: string, text: string, around: ComposeSurroundings): JobSource[] {
  if (isDockerfile(file, text)) {
    const name = jobIdLike(around.directory) ?? 'job';
    return [{ file, name, words: file, draft: () => draftOfDockerfile(file, text, name, name) }];
  }
  const spec = parseSpec(file, text);
  if (spec.planned) {
    refuse(file, spec.problems);
    const { planned: all } = spec;
    const isOnly = (id: string | undefined): boolean => all.filter((one) => one.id === id).length === 1;
    return all.map((planned) => ({
      ...{ file, words: `${planned.address} in ${file}` },
      name: planned.id !== undefined && isOnly(planned.id) ? planned.id : planned.address,
      draft: () => {
        const { jobs, problems } = jobsOf({ ...spec, planned: [planned] });
        refuse(file, problems);
        const [job] = jobs;
        if (!job) throw new Error(`no job in ${planned.address}`);
        return draftOfPlannedJob(job, planned.address);
      },
    }));
  }
  return sourcesInYaml(file, text, around);
}

function sourcesInYaml(file: string, text: string, around: ComposeSurroundings): JobSource[] {
  const documents = parseSource(file, text);
  refuse(
    file,
    documents.flatMap(({ problems }) => problems),
  );
  try {
    const plain = documents.map((document) => plainDocument(file, document));
    const jobs = kubernetesJobs(plain);
    if (jobs.length > 0) {
      return jobs.map((job) => {
        const name = job.name ?? 'job';
        return {
          file,
          name,
          words: `the ${job.kind} ${name} in ${file}`,
          draft: () => draftOfKubernetesJob(job, plain),
        };
      });
    }
    const [first] = plain;
    const services = first ? servicesOf(first) : [];
    if (first && services.length > 0) {
      return services.map((name) => ({
        ...{ file, name, words: `the service ${name} in ${file}` },
        draft: () => draftOfService(first, name, around),
      }));
    }
    const [document] = documents;
    const version = textOf(part(first?.value, 'apiVersion'));
    const isJob = version?.startsWith('run.googleapis.com/') || part(first?.value, 'template') !== undefined;
    if (isJob) {
      throw new StatusError('INVALID_ARGUMENT', `${file} is a job spec already.`, { fix: [suggest('jobs run', file)] });
    }
    const is = document?.isMapping ? foreignDocument(document)?.foreign.is : undefined;
    throw new StatusError('INVALID_ARGUMENT', `${file} is ${is ?? 'nothing that a job can be made of'}.`, {
      fix: 'give a Dockerfile, a compose file, a Job of Kubernetes, or the output of terraform show -json',
    });
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    throw new StatusError('INVALID_ARGUMENT', `${file} ${error.message}.`, { cause: error });
  }
}

function refuse(file: string, problems: readonly Problem[]): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new StatusError('INVALID_ARGUMENT', `${file} cannot be read:`, { problems: errors });
}

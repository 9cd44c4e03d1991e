import path from 'node:path/posix';
import { foreignField } from '../spec/foreign-fields.js';
import type { FieldPath } from '../field-path.js';
import { ownProperty } from '../own-property.js';
import { parseQuantity } from '../quantity.js';
import { labels as labelRules } from '../schema/settings.js';
import type { Tree } from '../v1/convert.js';
import { Draft, executionMeta, executionSpec, jobMeta, secretNameLike, taskSpec } from './draft.js';
import { countOf, entriesOf, listOf, part, type Plain, type PlainDocument, textOf, textsOf } from './plain-document.js';

/** A Job or a CronJob of a manifest. */
export interface KubernetesJob {
  document: PlainDocument;
  /** Where it is in its document, which may be a List. */
  at: FieldPath;
  kind: 'Job' | 'CronJob';
  name: string | undefined;
}

/** The Jobs and CronJobs among the documents of a manifest. */
export const kubernetesJobs = (documents: readonly PlainDocument[]): KubernetesJob[] =>
  documents.flatMap((document) =>
    objectsOf(document).flatMap((at): KubernetesJob[] => {
      const object = part(document.value, ...at);
      const kind = textOf(part(object, 'kind'));
      const isBatch = textOf(part(object, 'apiVersion'))?.startsWith('batch/');
      if (!isBatch || (kind !== 'Job' && kind !== 'CronJob')) return [];
      return [
        {
          document,
          at,
          kind,
          name: textOf(part(object, 'metadata', 'name') ?? part(object, 'metadata', 'generateName')),
        },
      ];
    }),
  );

const objectsOf = ({ value }: PlainDocument): FieldPath[] =>
  textOf(part(value, 'kind')) === 'List' ? listOf(part(value, 'items')).map((_, i) => ['items', i]) : [[]];

/**
 * The job of Cloud Run for a Job or CronJob.
 * @param documents the manifest, whose ConfigMaps have the values of variables
 */
export function draftOfKubernetesJob(of: KubernetesJob, documents: readonly PlainDocument[]): Draft {
  return new JobReader(of, documents).draft;
}

const reasons: Readonly<Record<string, string>> = {
  ports: 'a job serves no requests',
  livenessProbe: 'a job has none',
  readinessProbe: 'a job has none',
  nodeSelector: 'Cloud Run chooses the machines',
  concurrencyPolicy: 'it is about the schedule',
  startingDeadlineSeconds: 'it is about the schedule',
  successfulJobsHistoryLimit: 'Cloud Run deletes old executions itself',
  failedJobsHistoryLimit: 'Cloud Run deletes old executions itself',
};

/** Why a field is left out. */
const inPlace = (name: string): string => {
  const known = ownProperty(reasons, name);
  if (known !== undefined) return known;
  const { say } = foreignField(name, 'v1');
  return typeof say === 'string' ? say.replace(/^remove it: /, '') : 'Cloud Run has no counterpart';
};

class JobReader {
  readonly draft: Draft;
  readonly #of: KubernetesJob;
  readonly #documents: readonly PlainDocument[];
  /** Where the spec of the Job, and that of its pods, are. */
  readonly #job: FieldPath;
  readonly #pod: FieldPath;
  /** The volumes by their names: what they are here, or undefined if they are left out. */
  readonly #volumes = new Map<string, string | undefined>();

  constructor(of: KubernetesJob, documents: readonly PlainDocument[]) {
    this.#of = of;
    this.#documents = documents;
    const outer = [...of.at, 'spec'];
    this.#job = of.kind === 'CronJob' ? [...outer, 'jobTemplate', 'spec'] : outer;
    this.#pod = [...this.#job, 'template', 'spec'];
    this.draft = new Draft(of.name);
    if (of.kind === 'CronJob') this.#schedule(outer);
    this.#metadata();
    this.#execution();
    this.#volumesOf();
    this.#containers();
    this.#rest(
      this.#job,
      new Set([
        'template',
        'completions',
        'parallelism',
        'backoffLimit',
        'backoffLimitPerIndex',
        'activeDeadlineSeconds',
      ]),
    );
    this.#rest(
      this.#pod,
      new Set([
        'containers',
        'initContainers',
        'volumes',
        'terminationGracePeriodSeconds',
        'activeDeadlineSeconds',
        'serviceAccountName',
        'serviceAccount',
      ]),
    );
  }

  #get(...at: FieldPath): Plain | undefined {
    return part(this.#of.document.value, ...at);
  }

  #place(...at: FieldPath): string {
    return this.#of.document.place(at);
  }

  #schedule(outer: FieldPath): void {
    const schedule = textOf(this.#get(...outer, 'schedule')) ?? '';
    const zone = textOf(this.#get(...outer, 'timeZone'));
    this.draft.leaveOut(
      `the schedule ${schedule}${zone === undefined ? '' : ` in ${zone}`}`,
      'Cloud Scheduler runs a job at set times: gcloud scheduler jobs create http',
      this.#place(...outer, 'schedule'),
    );
    this.#rest(outer, new Set(['schedule', 'timeZone', 'jobTemplate']));
  }

  /** Labels that Cloud Run takes, too. */
  #metadata(): void {
    const fits = (rules: readonly { pattern?: RegExp }[], text: string): boolean =>
      rules.every(({ pattern }) => pattern?.test(text) !== false);
    const metas: [from: FieldPath, to: FieldPath][] = [
      [[...this.#of.at, 'metadata'], jobMeta],
      [[...this.#job, 'template', 'metadata'], executionMeta],
    ];
    for (const [from, to] of metas) {
      const kept: Record<string, string> = {};
      for (const [name, value] of entriesOf(this.#get(...from, 'labels'))) {
        const text = textOf(value) ?? '';
        if (fits(labelRules.keyConstraints, name) && fits(labelRules.valueConstraints, text)) kept[name] = text;
        else
          this.draft.leaveOut(
            `the label ${name}`,
            'it is no valid label of Google Cloud',
            this.#place(...from, 'labels', name),
          );
      }
      if (Object.keys(kept).length > 0) this.draft.put([...to, 'labels'], kept, this.#place(...from, 'labels'));
      for (const key of ['annotations', 'namespace']) {
        const value = this.#get(...from, key);
        if (value) this.draft.leaveOut(`${key} of metadata`, 'it is about Kubernetes', this.#place(...from, key));
      }
    }
  }

  #execution(): void {
    const count = (at: FieldPath): number | undefined => countOf(this.#get(...at));
    const carry = (at: FieldPath, to: FieldPath, most: number, note = ''): void => {
      const value = count(at);
      if (value === undefined) return;
      const cut = value > most ? `; Cloud Run has at most ${most}` : '';
      this.draft.put(to, Math.min(value, most), `${this.#place(...at)}: ${at.at(-1)}${cut}${note}`);
    };
    carry([...this.#job, 'completions'], [...executionSpec, 'taskCount'], 10_000);
    carry([...this.#job, 'parallelism'], [...executionSpec, 'parallelism'], 10_000);
    if (count([...this.#job, 'completions']) === undefined && count([...this.#job, 'parallelism']) !== undefined) {
      this.draft.note('A Job without completions is a queue of work; this job has one task.');
    }
    const retries = [...taskSpec, 'maxRetries'];
    const perIndex = [...this.#job, 'backoffLimitPerIndex'];
    if (count(perIndex) !== undefined) carry(perIndex, retries, 10);
    else carry([...this.#job, 'backoffLimit'], retries, 10, '; it counts for each task here, not for all');
    const seconds = [...taskSpec, 'timeoutSeconds'];
    const ofPod = [...this.#pod, 'activeDeadlineSeconds'];
    if (count(ofPod) !== undefined) carry(ofPod, seconds, 604_800);
    else
      carry(
        [...this.#job, 'activeDeadlineSeconds'],
        seconds,
        604_800,
        '; it limits an attempt here, not the whole job',
      );
    carry([...this.#pod, 'terminationGracePeriodSeconds'], [...taskSpec, 'terminationGracePeriodSeconds'], 3600);
    for (const key of ['serviceAccountName', 'serviceAccount']) {
      const account = textOf(this.#get(...this.#pod, key));
      if (account === undefined) continue;
      const why =
        'it is an account of Kubernetes; write the e-mail address of one of Google Cloud in serviceAccountName';
      this.draft.leaveOut(`the service account ${account}`, why, this.#place(...this.#pod, key));
    }
  }

  #volumesOf(): void {
    listOf(this.#get(...this.#pod, 'volumes')).forEach((volume, i) => {
      const name = textOf(part(volume, 'name')) ?? '';
      const at = [...this.#pod, 'volumes', i];
      const source = this.#volumeSource(volume);
      if (typeof source === 'string') this.draft.leaveOut(`the volume ${name}`, source, this.#place(...at));
      else
        this.#volumes.set(
          name,
          this.draft.addVolume(name, source.volume, [this.#place(...at), source.note].filter(Boolean).join('; ')),
        );
    });
  }

  /** What a volume is in Cloud Run, or why it is nothing. */
  #volumeSource(volume: Plain): { volume: Tree; note?: string } | string {
    const empty = part(volume, 'emptyDir');
    if (empty !== undefined || Object.hasOwn(Object(volume) as object, 'emptyDir')) {
      const sizeLimit = textOf(part(empty, 'sizeLimit'));
      const inMemory = textOf(part(empty, 'medium')) === 'Memory';
      return {
        volume: {
          emptyDir: { medium: 'Memory', ...(sizeLimit && parseQuantity(sizeLimit) !== undefined && { sizeLimit }) },
        },
        ...(!inMemory && { note: 'it is in memory here, and counts towards the memory of the container' }),
      };
    }
    const secret = textOf(part(volume, 'secret', 'secretName'));
    if (secret !== undefined) {
      const keys = this.#keysOf('Secret', secret, part(volume, 'secret', 'items'));
      if (keys.length > 1)
        return `the Secret ${secret} has ${keys.length} files, and a volume of Cloud Run has one secret: make one for each`;
      return { volume: secretVolume(secret, keys[0]), note: `a secret of Cloud Run has one value` };
    }
    const config = textOf(part(volume, 'configMap', 'name'));
    if (config !== undefined) {
      const keys = this.#keysOf('ConfigMap', config, part(volume, 'configMap', 'items'));
      if (keys.length !== 1) return 'Cloud Run has no ConfigMaps: put the files into the image or into a bucket';
      return { volume: secretVolume(config, keys[0]), note: 'Cloud Run has no ConfigMaps: make a secret of the file' };
    }
    const nfs = part(volume, 'nfs');
    if (nfs) {
      const readOnly = textOf(part(nfs, 'readOnly')) === 'true';
      return {
        volume: {
          nfs: { server: textOf(part(nfs, 'server')), path: textOf(part(nfs, 'path')), ...(readOnly && { readOnly }) },
        },
      };
    }
    const bucketName = textOf(part(volume, 'csi', 'volumeAttributes', 'bucketName'));
    if (bucketName !== undefined && textOf(part(volume, 'csi', 'driver'))?.startsWith('gcsfuse.')) {
      const readOnly = textOf(part(volume, 'csi', 'readOnly')) === 'true';
      const csi = {
        driver: 'gcsfuse.run.googleapis.com',
        ...(readOnly && { readOnly }),
        volumeAttributes: { bucketName },
      };
      return { volume: { csi } };
    }
    return inPlace('persistentVolumeClaim');
  }

  /** The files of a ConfigMap or Secret: those that a volume names, or those in the manifest. */
  #keysOf(kind: 'ConfigMap' | 'Secret', name: string, items: Plain | undefined): { key: string; path: string }[] {
    const named = listOf(items).map((item) => ({
      key: textOf(part(item, 'key')) ?? '',
      path: textOf(part(item, 'path')) ?? '',
    }));
    return named.length > 0 ? named : [...this.#dataOf(kind, name).keys()].map((key) => ({ key, path: key }));
  }

  /** The values of a ConfigMap or Secret in the manifest, by their keys. */
  #dataOf(kind: 'ConfigMap' | 'Secret', name: string): Map<string, string> {
    for (const document of this.#documents) {
      for (const at of objectsOf(document)) {
        const object = part(document.value, ...at);
        if (textOf(part(object, 'kind')) !== kind || textOf(part(object, 'metadata', 'name')) !== name) continue;
        const data = [...entriesOf(part(object, 'data')), ...entriesOf(part(object, 'stringData'))];
        return new Map(data.map(([key, value]) => [key, typeof value === 'string' ? value : '']));
      }
    }
    return new Map();
  }

  #containers(): void {
    const all = listOf(this.#get(...this.#pod, 'containers')).map((container, i) => ({
      container,
      at: [...this.#pod, 'containers', i],
    }));
    listOf(this.#get(...this.#pod, 'initContainers')).forEach((container, i) => {
      const at = [...this.#pod, 'initContainers', i];
      if (textOf(part(container, 'restartPolicy')) === 'Always') all.push({ container, at });
      else {
        const why = 'Cloud Run has none: let the program do it first, or run it as a job before this one';
        this.draft.leaveOut(`the init container ${textOf(part(container, 'name')) ?? i}`, why, this.#place(...at));
      }
    });
    for (const { container, at } of all) this.#container(container, at, all.length > 1);
  }

  #container(container: Plain, at: FieldPath, named: boolean): void {
    const name = textOf(part(container, 'name'));
    const index = this.draft.addContainer(named ? name : undefined);
    const image = textOf(part(container, 'image'));
    if (image !== undefined) this.draft.set(index, 'image', image, this.#place(...at, 'image'));
    for (const field of ['command', 'args'] as const) {
      const words = textsOf(part(container, field));
      if (words.length === 0) continue;
      const variable = words.find((word) => /\$\([A-Za-z_]\w*\)/.test(word));
      const expanded =
        variable === undefined ? '' : `; Cloud Run does not fill in ${/\$\([^)]*\)/.exec(variable)?.[0]}`;
      this.draft.set(index, field, words, this.#place(...at, field) + expanded);
    }
    const directory = textOf(part(container, 'workingDir'));
    if (directory !== undefined) this.draft.set(index, 'workingDir', directory, this.#place(...at, 'workingDir'));
    this.#variables(container, at, index);
    this.#size(container, at, index);
    this.#mounts(container, at, index);
    this.#probe(container, at, index);
    this.#rest(
      at,
      new Set([
        'name',
        'image',
        'command',
        'args',
        'workingDir',
        'env',
        'envFrom',
        'resources',
        'volumeMounts',
        'startupProbe',
        'restartPolicy',
        'terminationMessagePath',
        'terminationMessagePolicy',
      ]),
    );
  }

  #variables(container: Plain, at: FieldPath, index: number): void {
    listOf(part(container, 'envFrom')).forEach((from, i) => {
      const place = this.#place(...at, 'envFrom', i);
      const prefix = textOf(part(from, 'prefix')) ?? '';
      for (const [ref, kind] of [
        ['configMapRef', 'ConfigMap'],
        ['secretRef', 'Secret'],
      ] as const) {
        const name = textOf(part(from, ref, 'name'));
        if (name === undefined) continue;
        const data = this.#dataOf(kind, name);
        if (data.size === 0)
          this.draft.leaveOut(`the variables of the ${kind} ${name}`, 'it is not in the manifest', place);
        for (const [key, value] of data) {
          const comment = `${place}: ${kind} ${name}`;
          const variable = kind === 'ConfigMap' ? { value } : { secret: secretNameLike(`${name}-${key}`) };
          this.draft.addVariable(index, prefix + key, variable, comment);
        }
      }
    });
    listOf(part(container, 'env')).forEach((variable, i) => this.#variable(variable, [...at, 'env', i], index));
  }

  #variable(variable: Plain, at: FieldPath, index: number): void {
    const name = textOf(part(variable, 'name')) ?? '';
    const place = this.#place(...at);
    const from = part(variable, 'valueFrom');
    if (!from) {
      const value = part(variable, 'value');
      return this.draft.addVariable(index, name, { value: typeof value === 'string' ? value : '' }, place);
    }
    const secret = textOf(part(from, 'secretKeyRef', 'name'));
    if (secret !== undefined) {
      const key = textOf(part(from, 'secretKeyRef', 'key')) ?? '';
      const comment = `${place}: key ${key} of the Secret ${secret}`;
      return this.draft.addVariable(index, name, { secret: secretNameLike(`${secret}-${key}`) }, comment);
    }
    const config = textOf(part(from, 'configMapKeyRef', 'name'));
    if (config !== undefined) {
      const key = textOf(part(from, 'configMapKeyRef', 'key')) ?? '';
      const value = this.#dataOf('ConfigMap', config).get(key);
      if (value !== undefined) return this.draft.addVariable(index, name, { value }, `${place}: ConfigMap ${config}`);
      const why = `it comes from the ConfigMap ${config}, which is not in the manifest`;
      return this.draft.leaveOut(`the variable ${name}`, why, place);
    }
    const field = textOf(part(from, 'fieldRef', 'fieldPath')) ?? '';
    const why = field.includes('job-completion-index')
      ? 'the index of a task is in CLOUD_RUN_TASK_INDEX'
      : inPlace('fieldRef');
    this.draft.leaveOut(`the variable ${name}`, why, place);
  }

  #size(container: Plain, at: FieldPath, index: number): void {
    const quantity = (name: string): { amount: number; from: string } | undefined => {
      for (const kind of ['limits', 'requests']) {
        const text = textOf(part(container, 'resources', kind, name));
        const amount = text === undefined ? undefined : parseQuantity(text);
        if (amount !== undefined) return { amount, from: `${this.#place(...at, 'resources', kind, name)}: ${text}` };
      }
      return undefined;
    };
    const [cpu, memory, gpu] = [quantity('cpu'), quantity('memory'), quantity('nvidia.com/gpu')];
    this.draft.setSize(index, {
      cpu: cpu?.amount,
      cpuFrom: cpu?.from,
      memory: memory?.amount,
      memoryFrom: memory?.from,
    });
    if (gpu)
      this.draft.leaveOut(
        'nvidia.com/gpu',
        'give --gpu 1 and --gpu-type: a task has one GPU, of a type that you choose',
        gpu.from,
      );
  }

  #mounts(container: Plain, at: FieldPath, index: number): void {
    listOf(part(container, 'volumeMounts')).forEach((mount, i) => {
      const place = this.#place(...at, 'volumeMounts', i);
      const name = this.#volumes.get(textOf(part(mount, 'name')) ?? '');
      const mountPath = textOf(part(mount, 'mountPath'));
      // That its volume is left out is already said.
      if (name === undefined || mountPath === undefined) return;
      const subPath = textOf(part(mount, 'subPath'));
      const isSecret = this.draft.isSecretVolume(name);
      if (subPath !== undefined && isSecret && path.basename(mountPath) !== subPath) {
        return this.draft.leaveOut(`the mount at ${mountPath}`, 'a secret is mounted without subPath', place);
      }
      const target = isSecret && subPath !== undefined ? path.dirname(mountPath) : mountPath;
      this.draft.mount(index, { name, mountPath: target, subPath: isSecret ? undefined : subPath }, place);
    });
  }

  #probe(container: Plain, at: FieldPath, index: number): void {
    const probe = part(container, 'startupProbe');
    if (!probe) return;
    const place = this.#place(...at, 'startupProbe');
    const port = (of: string): number | undefined => {
      const text = part(probe, of, 'port');
      const named = listOf(part(container, 'ports')).find((one) => part(one, 'name') === text);
      return countOf(text) ?? countOf(part(named, 'containerPort'));
    };
    const actions: [string, Tree][] = (['httpGet', 'tcpSocket', 'grpc'] as const).flatMap((of) => {
      const number = port(of);
      const address = textOf(part(probe, of, 'path'));
      return number === undefined ? [] : [[of, { ...(address && { path: address }), port: number }] as [string, Tree]];
    });
    const [action] = actions;
    if (!action) return this.draft.leaveOut('startupProbe', 'Cloud Run asks over httpGet, tcpSocket or grpc', place);
    const numbers = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'failureThreshold'].flatMap((name) => {
      const value = countOf(part(probe, name));
      return value === undefined ? [] : [[name, value] as const];
    });
    this.draft.set(index, 'startupProbe', { ...Object.fromEntries(numbers), [action[0]]: action[1] }, place);
  }

  /** Says of every other field that it is left out. */
  #rest(at: FieldPath, carried: ReadonlySet<string>): void {
    for (const [key, value] of entriesOf(this.#get(...at))) {
      if (carried.has(key) || value === null) continue;
      this.draft.leaveOut(key, inPlace(key), this.#place(...at, key));
    }
  }
}

function secretVolume(name: string, file: { key: string; path: string } | undefined): Tree {
  if (!file) return { secret: { secretName: secretNameLike(name) } };
  return { secret: { secretName: secretNameLike(`${name}-${file.key}`), items: [{ key: 'latest', path: file.path }] } };
}

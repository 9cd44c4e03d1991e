import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Problem } from '../model/errors.js';
import { exportName } from '../model/local/mappings.js';
import { bucketOptions } from '../model/local/volume-options.js';
import { inside, isWithin } from '../model/local/volume-paths.js';
import { anyVersion, type CloudSqlEndpoint, type LocalSettings, type SecretSource } from '../model/local/settings.js';
import type { LocalMount } from '../model/local/one-run.js';
import { mainContainer } from '../model/task-containers.js';
import { ownProperty } from '../model/own-property.js';
import { formatPath, namesAlong, type FieldPath } from '../model/field-path.js';
import type { Volume, VolumeMount } from '../model/schema/container.js';
import type { TaskTemplate } from '../model/schema/job.js';
import { unnameable } from '../model/environment-variables.js';
import { MissingMappings } from './missing-mappings.js';
import {
  canHold,
  type Environment,
  filesOf,
  realDirectory,
  realPath,
  realSocket,
  secretProblem,
  Unavailable,
} from './sources.js';

/** The job's project, and the environment that its secrets can come from. */
export interface JobContext {
  project: string;
  projectNumber: string;
  env: Environment;
}

/** The local resources that a job gets, or why it cannot get them. */
export interface ResolvedResources {
  /** Only the mappings that the job uses, with real paths. */
  settings: LocalSettings;
  problems: Problem[];
  /** Likely mistakes that do not prevent a start. */
  warnings: Problem[];
  /** What could be added to localrun.yaml, or created, to fix the problems. */
  missing: MissingMappings;
}

/** Resolves everything that the tasks of a job need from this machine. `missing` collects what localrun.yaml lacks. */
export function resolveResources(
  template: TaskTemplate,
  settings: LocalSettings,
  job: JobContext,
  missing = new MissingMappings(),
): ResolvedResources {
  return new Resolver(template, settings, job, missing).resolve();
}

/** A path of this machine that the job can access. */
interface MountedPath {
  path: string;
  writable: boolean;
  at: FieldPath;
}

const newline = 0x0a;

/** The names that all versions of Kubernetes accept for a variable. */
const clusterName = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

const root: FieldPath = ['template', 'template'];

class Resolver {
  readonly #template: TaskTemplate;
  readonly #from: LocalSettings;
  readonly #job: JobContext;
  readonly #problems: Problem[] = [];
  readonly #warnings: Problem[] = [];
  readonly #missing: MissingMappings;
  readonly #mountedPaths: MountedPath[] = [];
  readonly #secrets = new Map<string, Map<string, LocalSettings['secrets'][string][string]>>();
  readonly #buckets = new Map<string, string>();
  readonly #claims = new Map<string, string>();
  readonly #nfs = new Map<string, string>();
  readonly #cloudSql = new Map<string, CloudSqlEndpoint>();

  constructor(template: TaskTemplate, settings: LocalSettings, job: JobContext, missing: MissingMappings) {
    this.#template = template;
    this.#from = settings;
    this.#job = job;
    this.#missing = missing;
  }

  resolve(): ResolvedResources {
    const { containers, volumes = [] } = this.#template;
    containers.forEach(({ env = [], volumeMounts = [] }, i) => {
      const at = [...root, 'containers', i];
      env.forEach(({ name, valueSource }, j) => {
        const variable = [...at, 'env', j];
        const reference = valueSource?.secretKeyRef;
        const source =
          reference && this.#secret(reference.secret, reference.version, [...variable, 'valueSource', 'secretKeyRef']);
        if (source) this.#warnAboutValue(source, reference.secret, variable);
        this.#checkName(name, source, [...variable, 'name']);
      });
      volumeMounts.forEach(({ name, subPath = '' }, j) => {
        const here = [...at, 'volumeMounts', j];
        if (!volumes.some((volume) => volume.name === name)) {
          this.#report([...here, 'name'], `${name} was not found in volumes list`);
        }
        if (inside(subPath) === undefined) this.#report([...here, 'subPath'], 'leads out of the volume');
      });
    });
    // Volumes that no container mounts need no mapping.
    const mounted = new Set(containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)));
    volumes.forEach((volume, i) => mounted.has(volume.name) && this.#volume(volume, [...root, 'volumes', i]));
    const mounts = this.#from.runtime ? this.#from.mounts : this.#from.mounts?.map((mount) => this.#oneRunMount(mount));
    this.#checkMappedPaths();
    return {
      settings: {
        ...this.#from,
        ...(mounts && { mounts }),
        secrets: Object.fromEntries(
          [...this.#secrets].map(([name, versions]) => [name, Object.fromEntries(versions)] as const),
        ),
        buckets: Object.fromEntries(this.#buckets),
        claims: Object.fromEntries(this.#claims),
        nfs: Object.fromEntries(this.#nfs),
        cloudSql: Object.fromEntries(this.#cloudSql),
      },
      problems: this.#problems,
      warnings: this.#warnings,
      missing: this.#missing,
    };
  }

  /** A mount for one run, with its real path. It may lead to anything, since the command line names it. */
  #oneRunMount(mount: LocalMount): LocalMount {
    const { containers } = this.#template;
    const { source, target } = mount;
    const report = (message: string, fix?: string): void =>
      void this.#problems.push({ path: 'mount', message, fix, severity: 'error' });
    const taken = containers[mainContainer(containers)]?.volumeMounts?.find(
      ({ mountPath }) => path.posix.resolve('/', mountPath) === target,
    );
    if (taken) report(`the job mounts the volume ${taken.name} at ${target}`, 'choose another path in the container');
    if (this.#from.mounts?.find((other) => other.target === target) !== mount) {
      report(`something else is mounted at ${target} already`, 'choose another path in the container');
    }
    try {
      return { ...mount, source: realPath(source) };
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      report(`${target} has nothing to show: ${error.message}`);
      return mount;
    }
  }

  #checkName(name: string, source: SecretSource | undefined, at: FieldPath): void {
    if (this.#from.runtime) {
      if (!clusterName.test(name)) this.#report(at, `no pod can have a variable named ${name}`, 'rename the variable');
    } else if (name.startsWith('=') || (source && !canHold(name, source, this.#job.env))) {
      const { message, fix } = unnameable(name);
      this.#report(at, message, fix);
    }
  }

  #report(at: FieldPath, message: string, fix?: string): void {
    this.#problems.push({ path: this.#shown(at), at, message, fix, severity: 'error' });
  }

  #shown(at: FieldPath): string {
    return formatPath(at, this.#names(at));
  }

  #names(at: FieldPath): (string | undefined)[] {
    return namesAlong(at, { template: { template: this.#template } });
  }

  #volume(volume: Volume, at: FieldPath): void {
    const { name, secret, emptyDir, gcs, nfs, cloudSqlInstance } = volume;
    if (secret) {
      const { items = [] } = secret;
      if (items.length === 0) this.#secret(secret.secret, 'latest', [...at, 'secret', 'secret']);
      items.forEach((item, i) => {
        const here = [...at, 'secret', 'items', i];
        if (!inside(item.path)) this.#report([...here, 'path'], `${item.path} leads out of the volume`);
        this.#secret(secret.secret, item.version, here);
      });
    } else if (gcs) {
      const bucket = gcs.bucket ?? '';
      const claim = ownProperty(this.#from.claims, bucket);
      if (claim !== undefined) return this.#claim(bucket, claim, [...at, 'gcs', 'bucket']);
      const { only, readOnly } = bucketOptions(gcs.mountOptions ?? []);
      const found = this.#directory('bucket', this.#from.buckets, bucket, [...at, 'gcs', 'bucket']);
      if (found === undefined) return;
      this.#buckets.set(bucket, found);
      this.#mounts(name, found, only, !gcs.readOnly && !readOnly, [...at, 'gcs']);
    } else if (nfs) {
      const key = exportName(`${nfs.server ?? ''}:${nfs.path ?? ''}`);
      // A cluster mounts the export itself.
      if (this.#from.runtime && !Object.hasOwn(this.#from.nfs, key)) return;
      const found = this.#directory('export', this.#from.nfs, key, [...at, 'nfs']);
      if (found === undefined) return;
      this.#nfs.set(key, found);
      this.#mounts(name, found, '', !nfs.readOnly, [...at, 'nfs']);
    } else if (cloudSqlInstance) {
      // In a cluster there is nothing to map it to, and the run says so.
      if (this.#from.runtime) return;
      (cloudSqlInstance.instances ?? []).forEach((instance, i) =>
        this.#instance(instance, [...at, 'cloudSqlInstance', 'instances', i]),
      );
    } else if (!emptyDir) this.#report(at, 'does not say what the volume is');
  }

  #secret(name: string, version = 'latest', at: FieldPath): SecretSource | undefined {
    const keys = this.#spellings(name).filter((key) => Object.hasOwn(this.#from.secrets, key));
    const versions = keys.map((key) => this.#from.secrets[key] ?? {});
    const source = versions.map((known) => ownProperty(known, version) ?? ownProperty(known, anyVersion)).find(Boolean);
    if (!source) {
      const [key] = keys;
      this.#missing.secret(key ?? name, key === undefined ? undefined : version);
      const lacks = key === undefined ? 'is not mapped' : `has no version ${version} in localrun.yaml`;
      this.#report(at, `the secret ${name} ${lacks}`);
      return undefined;
    }
    if ('kubernetesSecret' in source && !this.#from.runtime) this.#reportCluster(at, `the secret ${name}`);
    if (this.#from.forwarded && !('kubernetesSecret' in source)) {
      this.#report(
        at,
        `the secret ${name} comes from your machine, and its value does not leave it`,
        'put it into a Secret of the namespace (kubectl create secret generic), and map it in localrun.yaml: { kubernetesSecret: NAME/KEY }',
      );
      return undefined;
    }
    const problem = secretProblem(source, this.#job.env);
    if (problem !== undefined) this.#report(at, `the secret ${name} has no value: ${problem}`);
    if ('file' in source && !existsSync(source.file)) this.#missing.files.add(source.file);
    for (const file of filesOf(source)) this.#mountedPaths.push({ path: file, writable: false, at });
    const known = this.#secrets.get(name) ?? new Map();
    this.#secrets.set(name, known.set(version, source));
    return source;
  }

  /** Warns about a secret that is empty or ends in a line break, since the variable gets the same value. */
  #warnAboutValue(source: SecretSource, secret: string, at: FieldPath): void {
    if (!('file' in source) || secretProblem(source, this.#job.env) !== undefined) return;
    const { file } = source;
    const value = readFileSync(file);
    const warn = (message: string, fix: string): void =>
      void this.#warnings.push({ path: this.#shown(at), at, message, fix, severity: 'warning' });
    if (value.length === 0) warn(`the secret ${secret} is empty`, `write its value to ${file}`);
    else if (value.at(-1) === newline) {
      const message = `the secret ${secret} ends in a line break, which the variable has, too`;
      warn(
        message,
        `write ${file} without a line break, for example with printf, and check the value in Secret Manager`,
      );
    }
  }

  /** The names under which localrun.yaml may list a secret. A secret of the job's own project needs no project. */
  #spellings(name: string): string[] {
    const { project, projectNumber } = this.#job;
    const [, owner, id = name] = /^projects\/([^/]+)\/secrets\/(.*)$/s.exec(name) ?? [];
    if (owner !== undefined && owner !== project && owner !== projectNumber) return [name];
    return [name, id, `projects/${project}/secrets/${id}`, `projects/${projectNumber}/secrets/${id}`];
  }

  #claim(bucket: string, claim: string, at: FieldPath): void {
    this.#claims.set(bucket, claim);
    if (!this.#from.runtime) this.#reportCluster(at, `the bucket ${bucket}`);
  }

  #reportCluster(at: FieldPath, what: string): void {
    this.#report(
      at,
      `${what} is in a cluster, and the job runs on this machine`,
      'set LOCALRUN_RUNTIME=kubernetes, or map something of this machine',
    );
  }

  #directory(kind: 'bucket' | 'export', from: Record<string, string>, name: string, at: FieldPath): string | undefined {
    const directory = ownProperty(from, name);
    if (directory === undefined) {
      if (this.#from.runtime) this.#missing.claim(name);
      else this.#missing.directory(kind, name);
      this.#report(at, `the ${kind} ${name} is not mapped`);
      return undefined;
    }
    return this.#real(() => realDirectory(directory), `the ${kind} ${name} is not there`, at);
  }

  #real(find: () => string, what: string, at: FieldPath): string | undefined {
    try {
      return find();
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      this.#report(at, `${what}: ${error.message}`);
      return undefined;
    }
  }

  /** Every mounted part of a mapped directory must exist and be inside that directory. */
  #mounts(volume: string, directory: string, only: string, writable: boolean, at: FieldPath): void {
    const base = inside(only);
    if (base === undefined) return this.#report([...at, 'mountOptions'], `only-dir=${only} leads out of the bucket`);
    for (const [i, { volumeMounts = [] }] of this.#template.containers.entries()) {
      for (const [j, mount] of volumeMounts.entries()) {
        if (mount.name === volume) {
          const here = [...root, 'containers', i, 'volumeMounts', j];
          this.#mount(path.join(directory, base, inside(mount.subPath ?? '') ?? ''), writable, mount, here);
        }
      }
    }
  }

  #mount(part: string, writable: boolean, { mountPath }: VolumeMount, at: FieldPath): void {
    const real = this.#real(() => realDirectory(part), `nothing exists for ${mountPath} to show`, at);
    if (real === undefined) return;
    if (real !== part) this.#report(at, `a symbolic link leads from ${part} to ${real}, and cannot be mounted`);
    else this.#mountedPaths.push({ path: part, writable, at });
  }

  #instance(name: string, at: FieldPath): void {
    const endpoint = ownProperty(this.#from.cloudSql, name);
    if (!endpoint) {
      this.#missing.instance(name);
      return this.#report(at, `the Cloud SQL instance ${name} is not mapped`);
    }
    if ('tcp' in endpoint) return void this.#cloudSql.set(name, endpoint);
    const socket = this.#real(() => realSocket(endpoint.socket), `the Cloud SQL instance ${name} is not there`, at);
    if (socket === undefined) return;
    this.#cloudSql.set(name, { socket });
    this.#mountedPaths.push({ path: socket, writable: false, at });
  }

  /**
   * No mapped path may be inside a directory that the job can write as a whole: the job could replace the path with a
   * link to anything before the next container gets it.
   */
  #checkMappedPaths(): void {
    const { config } = this.#from;
    const configs = config === undefined ? [] : filesOf({ file: config });
    for (const { path: outer, writable, at } of this.#mountedPaths) {
      if (writable && configs.some((file) => isWithin(file, outer))) {
        this.#report(at, `${config} lies in ${outer}, and the job could change what it maps`, 'map a subdirectory');
      }
    }
    for (const { path: inner, at } of this.#mountedPaths) {
      const outer = this.#mountedPaths.find((other) => other.writable && isWithin(inner, other.path));
      if (outer) {
        this.#report(
          at,
          `${inner} lies in ${outer.path}, which the volume ${this.#names(outer.at).at(-1)} lets the job change`,
          'map a directory outside of it, or make the other volume read-only',
        );
      }
    }
  }
}

import path from 'node:path/posix';
import { parseDotenv } from '../dotenv.js';
import { ownProperty } from '../own-property.js';
import { shellWord } from '../shell-word.js';
import { parseGcloudDuration } from '../time.js';
import { canMountAt, Draft, executionSpec, isSecret, secretNameLike, taskSpec } from './draft.js';
import { countOf, entriesOf, listOf, part, type Plain, type PlainDocument, textOf, textsOf } from './plain-document.js';
import { dockerBytes } from './sizes.js';

/** What surrounds a compose file. */
export interface ComposeSurroundings {
  /** The name of the directory, which names the project. */
  directory: string;
  /** The text of a file that compose.yaml names; undefined if it cannot be read. */
  read: (name: string) => string | undefined;
  /** The variables of the shell, which count before those in `.env`. */
  variables: Readonly<Record<string, string | undefined>>;
}

export const servicesOf = ({ value }: PlainDocument): string[] =>
  entriesOf(part(value, 'services')).map(([name]) => name);

const cloud = 'Cloud Run has no counterpart';
const compose = 'it is about compose';
const reasons: Readonly<Record<string, string>> = {
  ...reason('a job serves no requests', 'ports', 'expose'),
  ...reason(
    'a job starts on its own; run these with compose, and give --join-network to reach them',
    'depends_on',
    'links',
  ),
  ...reason(
    'Cloud Run has its own network; here --join-network joins one of the container engine',
    ...['networks', 'network_mode', 'extra_hosts', 'dns', 'dns_search', 'dns_opt', 'hostname', 'domainname'],
    ...['mac_address', 'external_links'],
  ),
  ...reason('the exit code of a task says how it ended', 'healthcheck'),
  ...reason('the image decides about its user: USER in the Dockerfile', 'user', 'group_add'),
  ...reason('labels of docker; those of a job are in metadata.labels', 'labels'),
  ...reason('Cloud Run has no configs: put the file into the image, or into a secret', 'configs'),
  ...reason('make the job of the output of `docker compose config`, which has it in place', 'extends'),
  ...reason('a task gets SIGTERM', 'stop_signal'),
  ...reason('a container gets its limits', 'mem_reservation', 'cpu_shares'),
};

function reason(why: string, ...keys: string[]): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, why]));
}

/** Read below. */
const carried = new Set([
  ...[
    'image',
    'build',
    'command',
    'entrypoint',
    'environment',
    'env_file',
    'working_dir',
    'deploy',
    'mem_limit',
    'cpus',
  ],
  ...['secrets', 'volumes', 'tmpfs', 'restart', 'stop_grace_period', 'scale'],
]);
/** About compose, with no effect on what a container is. */
const silent = new Set([
  ...[
    'container_name',
    'profiles',
    'stdin_open',
    'tty',
    'init',
    'logging',
    'pull_policy',
    'platform',
    'attach',
    'develop',
  ],
  ...['annotations', 'memswap_limit', 'mem_swappiness'],
]);

/** Text with balanced braces, as deep as people write defaults within defaults. */
const balanced = (depth: number): string =>
  depth === 0 ? '[^{}]*' : String.raw`(?:[^{}]|\{${balanced(depth - 1)}\})*`;

/** `$$`, `$NAME`, or `${NAME}` with a default or the like. */
const reference = new RegExp(
  String.raw`\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+?])(${balanced(4)}))?\})`,
  'g',
);

/** A variable in a text: what follows its name, and its value if it is set. */
interface Reference {
  /** It is none, but stands for `$`. */
  dollar: boolean;
  name: string;
  sign: string;
  other: string;
  value: string | undefined;
}

/** The job that runs a service to its end. */
export function draftOfService(document: PlainDocument, name: string, surroundings: ComposeSurroundings): Draft {
  return new ServiceReader(document, name, surroundings).draft;
}

class ServiceReader {
  readonly draft: Draft;
  readonly #document: PlainDocument;
  readonly #name: string;
  readonly #around: ComposeSurroundings;
  readonly #variables: ReadonlyMap<string, string | undefined>;
  readonly #container: number;
  readonly #unset = new Set<string>();
  /** The variables that stay in texts by their names, because their values are secret. */
  readonly #secret = new Set<string>();

  constructor(document: PlainDocument, name: string, surroundings: ComposeSurroundings) {
    this.#document = document;
    this.#name = name;
    this.#around = surroundings;
    this.#variables = parseDotenv(surroundings.read('.env') ?? '').variables;
    this.draft = new Draft(name);
    this.#container = this.draft.addContainer();
    this.#image();
    this.#commands();
    this.#environment();
    this.#size();
    this.#secrets();
    this.#volumes();
    this.#retries();
    this.#rest();
    for (const variable of this.#unset) {
      this.draft.note(`$${variable} is set neither in the shell nor in .env, and counts as empty.`);
    }
    for (const variable of this.#secret) {
      this.draft.note(
        `The value of $${variable} is not copied, since it belongs in a secret. Cloud Run does not fill it in: let the program read it from a variable.`,
      );
    }
  }

  /** A part of the service, with variables filled in. */
  #get(...at: (string | number)[]): Plain | undefined {
    return this.#filled(this.#raw(...at));
  }

  #raw(...at: (string | number)[]): Plain | undefined {
    return part(this.#document.value, 'services', this.#name, ...at);
  }

  #place(...at: (string | number)[]): string {
    return this.#document.place(['services', this.#name, ...at]);
  }

  #filled(value: Plain | undefined): Plain | undefined {
    if (typeof value === 'string') {
      const filled = this.#interpolated(value);
      if (filled === value || !isSecret('', filled)) return filled;
      for (const [, , plain, braced] of value.matchAll(reference)) this.#secret.add(plain ?? braced ?? '$');
      return value;
    }
    if (Array.isArray(value)) return value.map((item) => this.#filled(item) ?? null);
    if (value === undefined || value === null) return value;
    return Object.fromEntries(entriesOf(value).map(([key, inner]) => [key, this.#filled(inner) ?? null]));
  }

  #variable(name: string): string | undefined {
    return this.#around.variables[name] ?? this.#variables.get(name);
  }

  /** As compose fills in variables, but those stay as they are whose values must not be copied. */
  #interpolated(text: string, noted = true): string {
    return text.replaceAll(reference, (...match: string[]) => {
      const { dollar, name, sign, other, value } = this.#reference(match);
      if (dollar) return '$';
      const isSet = value !== undefined && (value !== '' || !sign.startsWith(':'));
      if (sign.endsWith('+')) return isSet ? this.#interpolated(other, noted) : '';
      if (isSet && value !== '' && isSecret(name, value)) {
        if (noted) this.#secret.add(name);
        return `\${${name}}`;
      }
      if (isSet) return value;
      if (sign.endsWith('-')) return this.#interpolated(other, noted);
      if (noted) this.#unset.add(name);
      return '';
    });
  }

  #reference([, dollar, plain, braced, sign = '', other = '']: readonly (string | undefined)[]): Reference {
    const name = plain ?? braced ?? '';
    return { dollar: dollar !== undefined, name, sign, other, value: this.#variable(name) };
  }

  /** Whether a secret is part of what a text becomes. */
  #hasSecret(text: string): boolean {
    return [...text.matchAll(reference)].some((match) => {
      const { dollar, name, sign, other, value } = this.#reference(match);
      return !dollar && ((!sign.endsWith('+') && isSecret(name, value)) || this.#hasSecret(other));
    });
  }

  #image(): void {
    const build = this.#get('build');
    const image = textOf(this.#get('image'));
    const project = textOf(this.#filled(part(this.#document.value, 'name'))) ?? this.#around.directory;
    const built = `${project.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '')}-${this.#name}`
      .replace(/^[-_]+/, '')
      .toLowerCase();
    const from = this.#place(image === undefined && build !== undefined ? 'build' : 'image');
    const context = textOf(build) ?? textOf(part(build, 'context'));
    const isPlain = entriesOf(build).every(([key]) => key === 'context');
    if (context !== undefined && isPlain) this.draft.buildFrom(context);
    const made = isPlain ? '--build builds it' : `docker compose build ${shellWord(this.#name)} makes it`;
    const comment = build === undefined ? from : `${from}; ${made}`;
    this.draft.set(this.#container, 'image', image ?? (build === undefined ? '' : built), comment);
  }

  #commands(): void {
    for (const [key, field] of [
      ['entrypoint', 'command'],
      ['command', 'args'],
    ] as const) {
      const value = this.#get(key);
      if (value === undefined || value === null) continue;
      const words = typeof value === 'string' ? shellWords(value) : textsOf(value);
      if (words.length > 0) this.draft.set(this.#container, field, words, this.#place(key));
      else this.draft.leaveOut(`the empty ${key}`, 'a job cannot remove what the image has', this.#place(key));
    }
    const directory = textOf(this.#get('working_dir'));
    if (directory !== undefined) this.draft.set(this.#container, 'workingDir', directory, this.#place('working_dir'));
  }

  #environment(): void {
    const files = this.#get('env_file');
    const named = typeof files === 'string' ? [files] : listOf(files);
    named.forEach((one, i) => {
      const file = textOf(one) ?? textOf(part(one, 'path'));
      if (file === undefined) return;
      const text = this.#around.read(file);
      if (text === undefined && part(one, 'required') === 'false') return;
      if (text === undefined)
        return this.draft.leaveOut(`the variables in ${file}`, 'it cannot be read', this.#place('env_file', i));
      const surroundings = { ...Object.fromEntries(this.#variables), ...this.#around.variables };
      for (const [name, value] of parseDotenv(text, surroundings).variables) {
        const said = value ?? this.#variable(name);
        this.#add(name, () => said, file, isSecret(name, said));
      }
    });
    const own = this.#raw('environment');
    const pairs: [name: string, value: Plain, at: string | number][] = Array.isArray(own)
      ? own.map((item, i) => {
          const [name = '', ...rest] = (textOf(item) ?? '').split('=');
          return [name, rest.length > 0 ? rest.join('=') : null, i];
        })
      : entriesOf(own).map(([name, value]) => [name, value, name]);
    for (const [name, raw, at] of pairs) {
      const text = textOf(raw) ?? '';
      // What stands in the compose file itself is no secret any more.
      const isLiteral = raw !== null && !/\$(?!\$)/.test(text);
      const read = (noted = true): string | undefined =>
        raw === null ? this.#variable(name) : this.#interpolated(text, noted);
      const secret = !isLiteral && (isSecret(name, read(false)) || this.#hasSecret(text));
      this.#add(name, read, this.#place('environment', at), secret);
    }
  }

  #add(name: string, read: () => string | undefined, place: string, secret: boolean): void {
    if (secret) {
      const comment = `${place}; its value is not copied, since it belongs in a secret`;
      return this.draft.addVariable(this.#container, name, { secret: secretNameLike(name) }, comment);
    }
    const value = read();
    if (value !== undefined) return this.draft.addVariable(this.#container, name, { value }, place);
    this.draft.leaveOut(`the variable ${name}`, `the shell sets it: run with --update-env-vars ${name}=VALUE`, place);
  }

  #size(): void {
    const set = (keys: string[][], read: (text: string) => number | undefined, limit: 'cpu' | 'memory'): void => {
      for (const at of keys) {
        const text = textOf(this.#get(...at));
        const amount = text === undefined ? undefined : read(text);
        const from = `${this.#place(...at)}: ${text}`;
        if (amount) return this.draft.setSize(this.#container, { [limit]: amount, [`${limit}From`]: from });
      }
    };
    const limits = ['deploy', 'resources', 'limits'];
    set([[...limits, 'cpus'], ['cpus']], (text) => Number(text) || undefined, 'cpu');
    set([[...limits, 'memory'], ['mem_limit']], dockerBytes, 'memory');
    for (const key of ['reservations', 'limits'] as const) {
      const devices = ['deploy', 'resources', key, 'devices'];
      if (this.#raw(...devices)) {
        this.draft.leaveOut('devices', 'for a GPU, give --gpu and --gpu-type', this.#place(...devices));
      }
    }
  }

  /** compose has all secrets in one directory; a mount of Cloud Run has one secret. */
  #secrets(): void {
    const files = listOf(this.#get('secrets')).map((one, i) => {
      const source = textOf(one) ?? textOf(part(one, 'source')) ?? '';
      const target = textOf(part(one, 'target')) ?? source;
      return { source, target: path.resolve('/run/secrets', target), place: this.#place('secrets', i) };
    });
    for (const { source, target, place } of files) {
      const directory = path.dirname(target);
      const shared = files.filter((one) => path.dirname(one.target) === directory).length > 1;
      const mountPath = shared ? target : directory;
      if (!canMountAt(mountPath)) {
        this.draft.leaveOut(`the secret ${source}`, `Cloud Run mounts nothing at ${mountPath}`, place);
        continue;
      }
      const declared = part(this.#document.value, 'secrets', source);
      const secret = secretNameLike(textOf(part(declared, 'name')) ?? source);
      const from = textOf(part(declared, 'file')) ?? textOf(part(declared, 'environment'));
      const file = path.basename(target);
      const moved = shared ? `; a mount has one secret, so the file is ${target}/${file} here` : '';
      const name = this.draft.addVolume(
        secret,
        { secret: { secretName: secret, items: [{ key: 'latest', path: file }] } },
        `${place}${from === undefined ? '' : `; compose takes its value from ${from}`}${moved}`,
      );
      this.draft.mount(this.#container, { name, mountPath });
    }
  }

  #volumes(): void {
    listOf(this.#get('volumes')).forEach((one, i) => {
      const place = this.#place('volumes', i);
      const { type, source, target, size } = volumeOf(one);
      if (type === 'tmpfs') return this.#memory(target, size, place);
      const what = `the volume ${source === undefined ? target : `${source}:${target}`}`;
      const why =
        type === 'bind'
          ? 'a job has no directories of a machine: use a bucket (a volume with the driver gcsfuse.run.googleapis.com), or --mount for a run here'
          : 'Cloud Run keeps no volumes: use a bucket, or an emptyDir, which lives as long as an attempt';
      this.draft.leaveOut(what, why, place);
    });
    textsOf(this.#get('tmpfs')).forEach((one, i) => {
      const [target = '', options = ''] = one.split(':');
      const at = Array.isArray(this.#raw('tmpfs')) ? [i] : [];
      this.#memory(target, /(?:^|,)size=([^,]+)/.exec(options)?.[1], this.#place('tmpfs', ...at));
    });
  }

  #memory(target: string, size: string | undefined, place: string): void {
    if (!canMountAt(target))
      return this.draft.leaveOut(`the tmpfs at ${target}`, 'Cloud Run mounts nothing there', place);
    const bytes = size === undefined ? undefined : dockerBytes(size);
    const sizeLimit = bytes === undefined ? {} : { sizeLimit: `${Math.ceil(bytes / 1024 ** 2)}Mi` };
    const name = this.draft.addVolume(path.basename(target), { emptyDir: { medium: 'Memory', ...sizeLimit } }, place);
    this.draft.mount(this.#container, { name, mountPath: target });
  }

  #retries(): void {
    const restart = textOf(this.#get('restart'));
    const [, condition = restart, attempts] = /^(on-failure):(\d+)$/.exec(restart ?? '') ?? [];
    const policy = textOf(this.#get('deploy', 'restart_policy', 'condition'));
    const most = attempts ?? textOf(this.#get('deploy', 'restart_policy', 'max_attempts'));
    const at = policy === undefined ? ['restart'] : ['deploy', 'restart_policy'];
    const place = (policy ?? condition) === undefined ? '' : this.#place(...at);
    switch (policy ?? condition) {
      case undefined:
        break;
      case 'no':
      case 'false':
      case 'none':
        this.draft.put([...taskSpec, 'maxRetries'], 0, place);
        break;
      case 'on-failure':
        if (most !== undefined) this.draft.put([...taskSpec, 'maxRetries'], Math.min(Number(most) || 0, 10), place);
        break;
      default:
        this.draft.leaveOut(
          `restart: ${policy ?? condition}`,
          'a job ends; a failed task is retried, maxRetries times',
          place,
        );
    }
    const grace = parseGcloudDuration(textOf(this.#get('stop_grace_period')) ?? '');
    if (grace !== undefined) {
      this.draft.put(
        [...taskSpec, 'terminationGracePeriodSeconds'],
        Math.ceil(grace),
        this.#place('stop_grace_period'),
      );
    }
    for (const replicas of [['deploy', 'replicas'], ['scale']]) {
      const tasks = countOf(this.#get(...replicas));
      if (tasks !== undefined && tasks > 1)
        this.draft.put([...executionSpec, 'taskCount'], Math.min(tasks, 10_000), this.#place(...replicas));
    }
  }

  #rest(): void {
    for (const [key, value] of entriesOf(this.#raw())) {
      if (carried.has(key) || silent.has(key) || key.startsWith('x-') || value === null) continue;
      this.draft.leaveOut(key, ownProperty(reasons, key) ?? cloud, this.#place(key));
    }
    for (const [key] of entriesOf(this.#raw('deploy'))) {
      if (['resources', 'replicas', 'restart_policy', 'mode', 'labels'].includes(key)) continue;
      this.draft.leaveOut(`deploy.${key}`, compose, this.#place('deploy', key));
    }
  }
}

/** A volume of a service, in its long or its short form. */
function volumeOf(one: Plain): {
  type: string;
  source?: string | undefined;
  target: string;
  size?: string | undefined;
} {
  if (typeof one !== 'string') {
    const size = textOf(part(one, 'tmpfs', 'size'));
    const [type, target] = [textOf(part(one, 'type')) ?? 'volume', textOf(part(one, 'target')) ?? ''];
    return { type, source: textOf(part(one, 'source')), target, size };
  }
  const [first = '', second] = one.split(/:(?![\\/])/);
  if (second === undefined) return { type: 'volume', target: first };
  return { type: /^(?:[./~]|[A-Za-z]:)/.test(first) ? 'bind' : 'volume', source: first, target: second };
}

/** The words of a command as a shell would split it; compose runs no shell either. */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  const part = /\\([^])|'([^']*)'|"((?:\\[^]|[^"\\])*)"|(\s+)|([^\s\\'"]+)/g;
  for (const [, escaped, single, double, blank, plain] of text.matchAll(part)) {
    if (blank === undefined) {
      word = (word ?? '') + (escaped ?? single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? plain ?? '');
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

import type { Location, Problem } from '../errors.js';
import { isParentPart } from '../names.js';
import { parseQuantity } from '../quantity.js';
import { formatPath, type FieldPath } from '../field-path.js';
import { decode } from '../spec/decode.js';
import { problemOf } from '../spec/read.js';
import { maxSpecBytes, parseSource, type SourceDocument, TooLarge } from '../spec/source-document.js';
import { type LocalFile, LocalFileMessage, type LocalSecret, type LocalSecretVersion } from './schema.js';

/** The contents of a localrun.yaml. */
export interface LocalText {
  value: LocalFile;
  problems: Problem[];
  /** The position of a field in the file. */
  locate(path: FieldPath): Location | undefined;
}

/** Reads the text of a localrun.yaml, which may be empty; `file` is its name in messages. */
export function readLocalFile(file: string, text: string): LocalText {
  const none = { value: {}, locate: () => undefined };
  if (Buffer.byteLength(text) > maxSpecBytes) {
    return { ...none, problems: [{ message: `${file} is larger than ${maxSpecBytes / 1024} KiB`, severity: 'error' }] };
  }
  if (!/^\s*[^\s#]/m.test(text)) return { ...none, problems: [] };
  const documents = parseSource(file, text);
  const [document, second] = documents;
  const invalid = documents.flatMap(({ problems }) => problems);
  if (invalid.length > 0 || !document) return { ...none, problems: invalid.map(withoutValues) };
  if (second) {
    const message = 'there is a second document, which would be ignored';
    return { ...none, problems: [{ message, location: second.location(second.root), severity: 'error' }] };
  }
  try {
    const { value, found } = decode(document, LocalFileMessage, 'proto');
    const problems = found.flatMap((one) => problemOf(one, true));
    if (problems.length === 0) check(document, value, problems);
    return {
      value,
      problems: problems.map(withoutValues),
      locate: (path) => document.find(path).location,
    };
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    const { message } = error;
    return { ...none, problems: [{ message, location: document.location(document.root), severity: 'error' }] };
  }
}

/** A problem that is safe to show: the values of secrets are masked. */
function withoutValues(problem: Problem): Problem {
  const { path = '', location } = problem;
  const blot = (_: string, key: string, value: string): string => key + '*'.repeat(value.length);
  return {
    ...problem,
    ...(/^secrets\b.*\.value$/.test(path) && { message: 'must be a string', fix: 'quote it' }),
    ...(location && {
      location: {
        ...location,
        excerpt: location.excerpt.replaceAll(/(\bvalue["']?\s*:\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^,}]*)/g, blot),
      },
    }),
  };
}

type Report = (path: FieldPath, message: string, fix?: string) => void;

/** The rules that a file can break although its types are right. */
function check(document: SourceDocument, value: LocalFile, problems: Problem[]): void {
  const report: Report = (path, message, fix) => {
    const { location, written } = document.find(path);
    problems.push({ path: formatPath(written), message, location, fix, severity: 'error' });
  };
  for (const key of ['project', 'region'] as const) {
    const name = value[key];
    if (name !== undefined && !isParentPart(name)) report([key], `${name} cannot be a ${key}`);
  }
  if ((value.processLimit ?? 0) < 0) report(['processLimit'], 'must be 0 or more');
  for (const [name, secret] of Object.entries(value.secrets ?? {})) checkSecret(name, secret, report);
  for (const [name, target] of Object.entries(value.buckets ?? {})) {
    if (target === '') report(['buckets', name], 'names no directory');
    if (typeof target === 'object' && !target.claim) report(['buckets', name], 'names no claim', 'add claim: NAME');
  }
  checkRuntime(value.runtime ?? {}, report);
  for (const [name, directory] of Object.entries(value.nfs ?? {})) {
    if (!/^[^/]+:\//.test(name)) report(['nfs', name], 'is not an export', 'write HOST:/PATH');
    if (!directory) report(['nfs', name], 'names no directory');
  }
  for (const [name, { socket, tcp, engine }] of Object.entries(value.cloudSql ?? {})) {
    const at = ['cloudSql', name];
    if (!/^(?:[^:/]+:)?[^:/]+:[^:/]+:[^:/]+$/.test(name))
      report(at, 'is not an instance', 'write PROJECT:REGION:INSTANCE');
    if (!socket && !tcp) report(at, 'does not say where the instance is', 'add socket: DIRECTORY, or tcp: HOST:PORT');
    if (tcp && !/^(?:\[[0-9a-f:.]+\]|[^:\s]+):\d{1,5}$/i.test(tcp)) report([...at, 'tcp'], 'must be HOST:PORT');
    if (engine && !tcp) report([...at, 'engine'], 'requires tcp');
  }
}

function checkRuntime(runtime: NonNullable<LocalFile['runtime']>, report: Report): void {
  const { tolerations = [], requests = {} } = runtime;
  tolerations.forEach(({ key, operator, value, effect, tolerationSeconds }, i) => {
    const at = ['runtime', 'tolerations', i];
    if (!key && operator !== 'Exists') report(at, 'has no key', 'add key, or operator: Exists for all taints');
    if (value && operator === 'Exists') report([...at, 'value'], 'has no effect with operator: Exists');
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      report([...at, 'tolerationSeconds'], 'requires effect: NoExecute');
    }
  });
  for (const resource of ['cpu', 'memory'] as const) {
    const quantity = requests[resource];
    if (quantity !== undefined && parseQuantity(quantity) === undefined) {
      report(['runtime', 'requests', resource], `${quantity} is not a quantity`, 'write it as 500m, 2 or 512Mi');
    }
  }
}

const anything = 'value, file, env, dotenv or kubernetesSecret';

function checkSecret(name: string, secret: LocalSecret, report: Report): void {
  const at = ['secrets', name];
  if (!/^(?:projects\/[\w:.-]+\/secrets\/)?[\w-]{1,255}$/.test(name)) {
    report(at, 'is not the name of a secret', 'write NAME or projects/PROJECT/secrets/NAME');
  }
  const { versions, aliases = {} } = secret;
  if (!versions) {
    checkSource(at, secret, report);
    if (Object.keys(aliases).length > 0) report([...at, 'aliases'], 'require versions');
    return;
  }
  if (secret.key !== undefined) report([...at, 'key'], 'requires dotenv');
  for (const [version, source] of Object.entries(versions)) {
    if (!/^[\w-]+$/.test(version))
      report([...at, 'versions', version], 'is not a version', 'write a number, or latest');
    checkSource([...at, 'versions', version], source, report);
  }
  for (const [alias, version] of Object.entries(aliases)) {
    if (!Object.hasOwn(versions, version)) report([...at, 'aliases', alias], `there is no version ${version}`);
  }
}

function checkSource(at: FieldPath, source: LocalSecretVersion, report: Report): void {
  const { value, file, env, dotenv, key, kubernetesSecret } = source;
  if (value === undefined && !file && !env && !dotenv && !kubernetesSecret) {
    report(at, 'does not say where the value is', `add ${anything}`);
  }
  if (kubernetesSecret && !/^[a-z\d](?:[-.a-z\d]*[a-z\d])?\/[-._a-zA-Z\d]+$/.test(kubernetesSecret)) {
    report([...at, 'kubernetesSecret'], 'must be NAME/KEY');
  }
  if (dotenv && !key) report(at, 'does not say which variable of the dotenv file to use', 'add key: NAME');
  if (key !== undefined && !dotenv) report([...at, 'key'], 'requires dotenv');
}

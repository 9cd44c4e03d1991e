import { createHash, randomUUID } from 'node:crypto';
import { StatusError } from '../../../model/errors.js';
import { removable } from '../arguments.js';
import type { DockerClient } from '../client.js';
import { noSuchImage } from '../images.js';
import { programs } from './programs.js';

export interface SandboxImage {
  reference: string;
  /** See Traits. */
  nofile: number | undefined;
}

/** The open files that a process on Cloud Run may have (container contract). */
const nofile = 25000;
export const nofileLabel = 'dev.localrun.nofile';

/** The image's content besides the program: the template for volumes on disk. */
const others: readonly Entry[] = [{ name: 'volume/', mode: 0o777 }];

/**
 * The image that holds sandboxes. It contains one program for the engine's architecture, and is loaded into the engine
 * without a registry when it is first needed. Its label records the properties of the engine found at that time.
 */
export async function sandboxImage(client: DockerClient, architecture: () => Promise<string>): Promise<SandboxImage> {
  const version = createHash('sha256').update(JSON.stringify([programs, others]));
  const reference = `localrun/sandbox:${version.digest('hex').slice(0, 12)}`;
  const inspect = ['image', 'inspect', '--format', `{{index .Config.Labels "${nofileLabel}"}}`, reference];
  const found = await client.run(inspect);
  if (found.exitCode === 0) {
    const [granted = ''] = /^(\d+|engine)$/.exec(found.stdout.trim()) ?? [];
    if (!granted) throw client.puzzle(inspect, found.stdout);
    return { reference, nofile: Number(granted) || undefined };
  }
  if (!noSuchImage.test(found.stderr)) throw client.failure('image inspect', found.stderr);
  const program = { name: 'sandbox', mode: 0o755, content: programFor(await architecture()) };
  const archive = tar([program, ...others]);
  const make = (name: string, ...changes: string[]): Promise<string> => {
    const all = ['ENTRYPOINT ["/sandbox"]', ...changes].flatMap((change) => ['--change', change]);
    return must(client, ['import', ...all, '-', name], archive);
  };
  const draft = `localrun/sandbox:draft-${randomUUID()}`;
  await make(draft);
  const granted = (await tryLimit(client, draft)) ? nofile : undefined;
  await client.run(['image', 'rm', draft]);
  await make(reference, `LABEL ${nofileLabel}=${granted ?? 'engine'}`);
  return { reference, nofile: granted };
}

/** An archive with the program at a path, for a container that is to be held by it. */
export const holderArchive = (path: string, architecture: string): Buffer =>
  tar([{ name: path.replace(/^\//, ''), mode: 0o755, content: programFor(architecture) }]);

function programFor(architecture: string): Buffer {
  const program = programs[architecture] ?? programs[{ amd64: 'x86_64', arm64: 'aarch64' }[architecture] ?? ''];
  if (program !== undefined) return Buffer.from(program, 'base64');
  throw new StatusError('UNIMPLEMENTED', `There is no sandbox program for engines on ${architecture}.`);
}

/**
 * Whether the engine starts a container with Cloud Run's limit; it refuses a limit above its own hard limit. The
 * container connects to a port without a listener, so it ends and is removed by itself, even if localrun dies.
 */
async function tryLimit(client: DockerClient, image: string): Promise<boolean> {
  const name = `localrun-draft-${randomUUID()}`;
  const { exitCode } = await client.run([
    ...['run', '--detach', '--rm', '--name', name, '--pull', 'never', '--network', 'none', ...removable],
    ...['--ulimit', `nofile=${nofile}:${nofile}`, image, 'dial', '1'],
  ]);
  await client.run(['rm', '--force', name]);
  return exitCode === 0;
}

async function must(client: DockerClient, args: readonly string[], input?: Buffer): Promise<string> {
  const { stdout, stderr, exitCode } = await client.run(args, input ? { input } : {});
  if (exitCode !== 0) throw client.failure(args[0] ?? '', stderr);
  return stdout.trim();
}

interface Entry {
  /** For a directory, with a slash at its end. */
  name: string;
  mode: number;
  content?: Buffer;
}

/** An archive (POSIX ustar) whose entries belong to root. */
const tar = (entries: readonly Entry[]): Buffer => Buffer.concat([...entries.flatMap(tarEntry), Buffer.alloc(1024)]);

function tarEntry({ name, mode, content = Buffer.alloc(0) }: Entry): Buffer[] {
  const header = Buffer.alloc(512);
  const put = (offset: number, text: string): void => void header.write(text, offset, 'latin1');
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  put(0, name);
  put(100, octal(mode, 7));
  put(124, octal(content.length, 11));
  // The checksum is computed with blanks in its own place.
  put(148, `        ${name.endsWith('/') ? 5 : 0}`);
  put(257, 'ustar');
  put(263, '00');
  put(
    148,
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    ),
  );
  header[154] = 0;
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa, execaSync } from 'execa';
import { signal, until } from './cli.js';

/** With the file as its own, which what it starts writes to as well. */
const start = (command: string, args: readonly string[], file: string) =>
  execa('sh', ['-c', 'exec "$@" >> "$0" 2>&1', file, command, ...args], {
    stdio: 'ignore',
    reject: false,
    forceKillAfterDelay: false,
  });
type Daemon = ReturnType<typeof start>;

/** A dockerd of a test's own, which it can stop, kill and start again: nothing of it is where another engine's is. */
export class PrivateEngine {
  readonly #root = mkdtempSync(path.join(os.tmpdir(), 'localrun-engine-'));
  readonly #flags: readonly string[];
  readonly #containerd: Daemon;
  #daemon: Daemon | undefined;

  /** @param flags more of dockerd's */
  constructor(...flags: string[]) {
    this.#flags = flags;
    // Of its own, as where it is a service: it outlives the daemon.
    const config = this.#file('containerd.toml');
    const [root, state, socket] = ['containerd', 'state', 'containerd.sock'].map((name) => this.#file(name));
    writeFileSync(config, `version = 2\nroot = "${root}"\nstate = "${state}"\n[grpc]\naddress = "${socket}"\n`);
    this.#containerd = this.#spawn('containerd', '--config', config);
  }

  /** For DOCKER_HOST. */
  get host(): string {
    return `unix://${this.#file('docker.sock')}`;
  }

  #file(name: string): string {
    return path.join(this.#root, name);
  }

  /** Starts the daemon, and returns once it answers. */
  async start(): Promise<void> {
    // In a network of its own: a dockerd without a bridge removes docker0, which other engines use.
    this.#daemon = this.#spawn(
      'unshare',
      ...['--net', 'dockerd'],
      ...['--host', this.host, '--pidfile', this.#file('pid'), '--containerd', this.#file('containerd.sock')],
      ...['--data-root', this.#file('data'), '--exec-root', this.#file('exec')],
      ...['--bridge', 'none', '--iptables=false', '--ip-masq=false', '--ip-forward=false'],
      ...this.#flags,
    );
    await until(
      () => this.#answers(),
      () => readFileSync(this.#file('log'), 'utf8'),
    );
  }

  #spawn(command: string, ...args: string[]): Daemon {
    return start(command, args, this.#file('log'));
  }

  #answers(): boolean {
    try {
      this.docker('version');
      return true;
    } catch {
      return false;
    }
  }

  /** Puts an image of the usual engine into this one. */
  load(image: string): void {
    const archive = this.#file('image.tar');
    execaSync('docker', ['save', '--output', archive, image]);
    this.docker('load', '--input', archive);
  }

  /** Ends the daemon, and returns once it has ended. */
  async end(by: NodeJS.Signals): Promise<void> {
    await ended(this.#daemon, by);
  }

  docker(...args: string[]): string {
    return execaSync('docker', args, { env: { DOCKER_HOST: this.host }, stdin: 'ignore' }).stdout.trim();
  }

  /** What localrun has left in it: containers, volumes. */
  leftovers(): string[] {
    return [
      ...this.docker('ps', '--all', '--format', '{{.Names}}').split('\n'),
      ...this.docker('volume', 'ls', '--format', '{{.Name}}').split('\n'),
    ].filter(Boolean);
  }

  /** Ends all that is left of it, whatever state it is in. */
  async remove(): Promise<void> {
    await this.end('SIGKILL');
    await ended(this.#containerd, 'SIGKILL');
    for (const pid of this.#processes()) signal(pid, 'SIGKILL');
    await until(() => this.#processes().length === 0);
    for (const mount of this.#mounts()) execaSync('umount', ['--lazy', mount]);
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** The shims of containers, and what runs in these, which are their children. */
  #processes(): number[] {
    const processes = readdirSync('/proc').flatMap((pid) => {
      try {
        const parent = / (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) \w/s, ''))?.[1];
        return [{ pid: Number(pid), parent: Number(parent), args: readFileSync(`/proc/${pid}/cmdline`, 'utf8') }];
      } catch {
        // No process, or none any more.
        return [];
      }
    });
    const ours = processes.filter(({ args }) => args.includes(this.#root));
    return processes
      .filter((process) => ours.includes(process) || ours.some(({ pid }) => pid === process.parent))
      .map(({ pid }) => pid);
  }

  #mounts(): string[] {
    return readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((mount) => mount.startsWith(`${this.#root}/`))
      .toReversed();
  }
}

/** Ends a process, unless it has ended, and returns once it has. */
async function ended(daemon: Daemon | undefined, by: NodeJS.Signals): Promise<void> {
  daemon?.kill(by);
  await daemon;
}

import { existsSync, mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ClientResult, DockerClient } from '../../../../src/runtime/docker/client.js';
import { Containers, monitorDirectory } from '../../../../src/runtime/docker/containers.js';
import { dockerVolumes } from '../../../../src/runtime/docker/volumes.js';

const names = ['task1', 'task10', 'task10-attempt0'] as const;
const all = names.join(' ');

/** A client that answers calls about all names with one result, and calls about fewer of them with `later`. */
class Client extends DockerClient {
  /** The names in each call. */
  readonly calls: string[] = [];
  readonly flags = new Set<string>();

  readonly #first: Partial<ClientResult>;
  readonly #later: Partial<ClientResult>;

  constructor(first: Partial<ClientResult>, later: Partial<ClientResult>) {
    super('docker', {});
    this.#first = first;
    this.#later = later;
  }

  override async run(args: readonly string[]): Promise<ClientResult> {
    const asked = args.filter((arg) => names.includes(arg as (typeof names)[number]));
    this.calls.push(asked.join(' '));
    for (const arg of args) if (arg.startsWith('-')) this.flags.add(arg);
    const result = asked.length === names.length ? this.#first : this.#later;
    return { exitCode: 1, stdout: '', stderr: '', ...result };
  }
}

/** What comes of `work` for all names: its result, or why it has failed. */
const settled = async (work: (name: string) => Promise<unknown>): Promise<unknown[]> => {
  const results = await Promise.allSettled(names.map(work));
  return results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message));
};

const running = (name: string): string =>
  `/${name} {"Running":true,"StartedAt":"2026-11-25T06:09:40Z","FinishedAt":"0001-01-01T00:00:00Z"}\n`;
const state = { status: 'running', startedAt: '2026-11-25T06:09:40.000000Z' };

/** How engines say that they do not have task10. */
const missing = [
  'Error: No such container: task10',
  'Error response from daemon: No such container: task10',
  'Error: No such object: task10',
  'error: no such object: task10',
  'error inspecting object: no such container task10',
  'Error: inspecting object: no such container "task10"',
  'Error: no container with name or ID "task10" found: no such container',
];

describe('what an engine says of one container', () => {
  test.each(missing)('is not what it says of the others: %s', async (line) => {
    const stderr = `${line}\nError response from daemon: task1 is busy\n`;
    const client = new Client({ stdout: running('task10-attempt0'), stderr }, { stdout: running('task1') });
    const containers = new Containers(client);
    expect(await settled((name) => containers.inspect(name))).toEqual([state, undefined, state]);
    expect(client.calls).toEqual([all, 'task1']);
  });

  test.each([
    ['a reason', 'Error response from daemon: task1 is busy', 'Error response from daemon: task1 is busy'],
    ['none', '', 'no reason given'],
    ['one that is about another', 'Error: No such container: task10', 'Error: No such container: task10'],
  ])('is unknown if it says nothing, with %s', async (_, stderr, reason) => {
    const client = new Client({ stdout: running('task10') + running('task10-attempt0'), stderr }, { stderr });
    const containers = new Containers(client);
    expect(await settled((name) => containers.inspect(name))).toEqual([
      `docker inspect failed: ${reason}`,
      state,
      state,
    ]);
  });

  test.each(['', 'null', '<html>', '{}', '/task1 null', '/task1 {"Running":true}', '/task1 {"Running"'])(
    'is unknown if it says %j',
    async (stdout) => {
      const containers = new Containers(new Client({ stdout, exitCode: 0 }, { stdout, exitCode: 0 }));
      const what = stdout ? `what is no answer to it: ${stdout}` : 'nothing';
      const failure = `docker container inspect has printed ${what}`;
      expect(await settled((name) => containers.inspect(name))).toEqual([failure, failure, failure]);
    },
  );
});

describe('a container that SIGKILL has ended', () => {
  const finished = '{"StartedAt":"2026-11-25T06:09:40Z","FinishedAt":"2026-11-25T06:09:41Z"';
  const killed = (OOMKilled: boolean): string => `/task1 ${finished},"ExitCode":137,"OOMKilled":${OOMKilled}}\n`;

  /** A client of an engine that has such a container, and events of it. */
  class EventClient extends Client {
    readonly events: string[] = [];
    readonly #lines: readonly string[];

    constructor(stdout: string, lines: readonly string[]) {
      super({}, { stdout, exitCode: 0 });
      this.#lines = lines;
    }

    override lines(args: readonly string[], onLine: (line: string) => void): ReturnType<DockerClient['lines']> {
      this.events.push(args.join(' '));
      return { ended: Promise.resolve().then(() => this.#lines.forEach(onLine)), end: () => {} };
    }
  }

  const asked =
    'events --since 2026-11-25T06:09:40.000000Z --until 2026-11-25T06:09:42.000000Z --filter event=oom --filter container=task1 --format {{.Action}}';

  test.each([
    ['was out of memory if its state says so', true, [], true, []],
    ['was out of memory if only an event says so', false, ['oom'], true, [asked]],
    ['was not if nothing says so', false, [], false, [asked]],
  ] as const)('%s', async (_, stated, lines, oomKilled, events) => {
    const client = new EventClient(killed(stated), lines);
    expect(await new Containers(client).inspect('task1')).toMatchObject({ exitCode: 137, oomKilled });
    expect(client.events).toEqual(events);
  });

  test('was not if it was to be ended', async () => {
    const client = new EventClient(killed(false), ['oom']);
    const containers = new Containers(client);
    await containers.kill('task1');
    expect(await containers.inspect('task1')).toMatchObject({ oomKilled: false });
    expect(client.events).toEqual([]);
  });
});

const commands = {
  remove: (containers: Containers) => (name: string) => containers.remove(name),
  kill: (containers: Containers) => (name: string) => containers.kill(name),
  stop: (containers: Containers) => (name: string) => containers.stop(name, 10),
};

describe.each(Object.entries(commands))('%s', (_, command) => {
  test.each([
    ['the name', 'task1', ''],
    ...missing.filter((line) => line.includes('container')).map((line) => [line, '', line.replace('task10', 'task1')]),
    ['docker', '', 'Error response from daemon: Cannot kill container: task1: Container 0123 is not running'],
    ['docker', '', 'Error response from daemon: removal of container task1 is already in progress'],
  ])('is done for one of which %s says so (%s%s)', async (_, stdout, stderr) => {
    const client = new Client({ stdout, stderr }, { stderr: 'Error response from daemon: busy' });
    const results = await settled(command(new Containers(client)));
    expect(results.map((result) => result === undefined)).toEqual([true, false, false]);
    expect(client.calls).toEqual([all, 'task10 task10-attempt0', 'task10', 'task10-attempt0']);
  });

  test.each([
    ['silence and success', '', 0],
    ['words of podman that name its own id', 'Error: 0123 is in state exited: container state improper', 125],
  ])('is done for one alone with %s', async (_, stderr, exitCode) => {
    expect(await settled(command(new Containers(new Client({}, { stderr, exitCode }))))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.each(['', 'Error response from daemon: the runtime is not running', 'Error: No such container: other'])(
    'has failed for one alone if the client fails with %j',
    async (stderr) => {
      const results = await settled(command(new Containers(new Client({ stderr }, { stderr }))));
      expect(results.every((result) => String(result).endsWith(stderr || 'no reason given'))).toBe(true);
    },
  );
});

test.each([
  ['one by one in the end where such a call fails', true, '', 125, [all, all, ...names]],
  ['in a batch where the order means nothing', false, names.join('\n'), 0, [all]],
] as const)('many containers are removed %s', async (_, together, stdout, exitCode, calls) => {
  const client = new Client({ stdout, exitCode }, { exitCode: 0 });
  await new Containers(client).removeAll(names, together);
  expect(client.calls).toEqual(calls);
});

test('many containers are removed in one call where sandboxes go only with what is in them, and again if one is left', async () => {
  const calls: string[] = [];
  const client = new (class extends DockerClient {
    override async run(args: readonly string[]): Promise<ClientResult> {
      const [command = ''] = args;
      calls.push([command, ...args.filter((arg) => names.includes(arg as (typeof names)[number]))].join(' '));
      if (command === 'rm') return { exitCode: 0, stdout: 'task10\n', stderr: '' };
      const stderr = 'no such container task1\nno such container task10-attempt0\n';
      return { exitCode: 1, stdout: running('task10'), stderr };
    }
  })('podman', {});
  await new Containers(client).removeAll(names, true);
  expect(calls).toEqual([`rm ${all}`, `container ${all}`, 'rm task10']);
});

test.each([
  ['docker', 'Error response from daemon: remove task10: volume is in use - [0123]'],
  ['podman', 'Error: volume task10 is being used by the following container(s): 0123: volume is being used'],
])('of the volumes of %s one that is in use is tried again, and one that is gone is not', async (_, used) => {
  const stderr = `${used}\nError: no such volume task10-attempt0`;
  const client = new Client({ stdout: 'task1\n', stderr }, { exitCode: 0 });
  const volumes = dockerVolumes(client, new Containers(client), async () => {
    throw new Error('there is no need to make any');
  });
  expect(await settled((name) => volumes.removeVolume(name))).toEqual([undefined, undefined, undefined]);
  expect(client.calls).toEqual([all, 'task10']);
  // With --force, podman removes the containers that use the volume, and may deadlock with clients that remove them.
  expect(client.flags).toEqual(new Set());
});

test('what podman has left of a container goes before it, so that a process that is killed in between leaves none', async () => {
  const name = `localrun-test-${process.pid}`;
  const there: boolean[] = [];
  const client = new (class extends DockerClient {
    override async run(): Promise<ClientResult> {
      there.push(existsSync(monitorDirectory(name)));
      return { exitCode: 0, stdout: `${name}\n`, stderr: '' };
    }
  })('podman', {});
  mkdirSync(monitorDirectory(name));
  await new Containers(client).remove(name);
  expect(there).toEqual([false]);
});

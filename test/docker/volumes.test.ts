import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect } from 'vitest';
import type { Container, Volume } from '../../src/model/schema/container.js';
import { until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';

const image = 'localrun/busybox:latest';
/** A container that runs a script, with mounts that are written `VOLUME:PATH` or `VOLUME/SUBPATH:PATH`. */
const shell = (script: string, mounts: readonly string[], more: Partial<Container> = {}): Container => ({
  image,
  command: ['sh', '-c', script],
  volumeMounts: mounts.map((text) => {
    const [, name = '', subPath = '', mountPath = ''] = /^([^/:]+)\/?([^:]*):(.*)$/.exec(text) ?? [];
    return { name, subPath, mountPath };
  }),
  ...more,
});

/** Runs a job whose first container is the main one, and returns what that has written. */
async function output(home: Home, name: string, containers: Container[], volumes: Volume[]): Promise<string[]> {
  const file = home.template(name, { maxRetries: 0, volumes, containers });
  const command = home.inline(['jobs', 'run', '-f', file]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  return home.log(await command.execution());
}

test.concurrent('an emptyDir in memory is a tmpfs of its size, for programs and for every user', async ({ home }) => {
  const script = `stat -c '%a %u' /x; ls /x; df -m /x | tail -1 | awk '{print $1, $2}'
printf '#!/bin/sh\\necho it runs' > /x/program && chmod +x /x/program && /x/program
dd if=/dev/zero of=/x/big bs=1M count=9 2>&1 | grep -o 'No space left on device'`;
  const volumes: Volume[] = [{ name: 'v', emptyDir: { medium: 'MEMORY', sizeLimit: '8Mi' } }];
  expect(await output(home, 'tmpfs', [shell(script, ['v:/x'])], volumes)).toEqual([
    '777 0',
    'tmpfs 8',
    'it runs',
    'No space left on device',
  ]);
});

test.concurrent('what is written to memory counts as memory of the container', async ({ home }) => {
  const file = home.template('charged', {
    maxRetries: 0,
    volumes: [{ name: 'v', emptyDir: { sizeLimit: '10Gi' } }],
    containers: [shell('exec dd if=/dev/zero of=/x/big bs=1M', ['v:/x'])],
  });
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('task 0 ran out of memory (attempt 1 of 1)');
});

test.concurrent.for(['MEMORY', 'DISK'] as const)(
  'the containers of an attempt share a volume (%s), each attempt its own, also with who has ended',
  async (medium, { home }) => {
    const command = (script: string, name: string): Container => ({ ...shell(script, ['v:/shared']), name });
    const containers = [
      command('until [ -e /shared/second ]; do sleep 0.1; done; ls /shared; cat /shared/first; exit 1', 'main'),
      command('ls /shared; echo one > /shared/first', 'first'),
      command('until [ -s /shared/first ]; do sleep 0.1; done; sleep 1; cp /shared/first /shared/second', 'second'),
    ];
    const file = home.template('shared', { maxRetries: 1, volumes: [{ name: 'v', emptyDir: { medium } }], containers });
    const run = home.start(['jobs', 'run', '-f', file]);
    const said = (): string => run.stderr;
    const volumes = await until(() => home.volumes().length > 0 && home.volumes(), said, said);
    expect(volumes).toEqual([expect.stringMatching(/task0-attempt0-volume0$/)]);
    expect((await run.ended).exitCode).toBe(1);
    const execution = await run.execution();
    for (const attempt of [0, 1]) {
      expect(home.log(execution, 0, attempt)).toEqual(['first', 'second', 'one']);
      const directory = path.join(home.directory, 'logs', 'local-project', 'us-central1', execution);
      expect(readFileSync(path.join(directory, `task0-attempt${attempt}.first.stdout`), 'utf8')).toBe('');
    }
    expect(home.volumes()).toEqual([]);
  },
);

test.concurrent('a volume on disk is for every user, and is not limited by memory', async ({ home }) => {
  const script = `stat -c '%a %u' /x; df /x | tail -1 | grep -c tmpfs; dd if=/dev/zero of=/x/big bs=1M count=600 2>/dev/null; echo $?`;
  const containers = [shell(script, ['v:/x'], { resources: { limits: { memory: '512Mi' } } })];
  expect(await output(home, 'disk', containers, [{ name: 'v', emptyDir: { medium: 'DISK' } }])).toEqual([
    '777 0',
    '0',
    '0',
  ]);
});

test.concurrent('volumes hide what the image has in their place', async ({ home }) => {
  const volumes: Volume[] = [
    { name: 'm', emptyDir: {} },
    { name: 'held', emptyDir: {} },
    { name: 'd', emptyDir: { medium: 'DISK' } },
    { name: 'seen', emptyDir: {} },
  ];
  /** Notes what it finds in the directory of the image's program; the main one tells once all have. */
  const node = (name: string, ...mounts: string[]): Container => ({
    ...shell('', [...mounts, 'seen:/seen']),
    image: 'localrun/sample:latest',
    name,
    command: [
      ...['/usr/local/bin/node', '-e'],
      `const { readdirSync, readFileSync, writeFileSync, renameSync } = require('fs');
      writeFileSync('/seen/.${name}', readdirSync('/app').join());
      renameSync('/seen/.${name}', '/seen/${name}');
      const all = ['nothing', 'own', 'disk', 'held'];
      const tell = () => {
        if (!all.every((it) => readdirSync('/seen').includes(it))) return setTimeout(tell, 100);
        for (const it of all) console.log(it + ': ' + readFileSync('/seen/' + it, 'utf8'));
      };
      if ('${name}' === 'nothing') tell();`,
    ],
  });
  const containers = [
    node('nothing'),
    node('own', 'm:/app'),
    node('disk', 'd:/app'),
    node('held', 'held:/app', 'held:/elsewhere'),
  ];
  expect(await output(home, 'hidden', containers, volumes)).toEqual(['nothing: main.mjs', 'own: ', 'disk: ', 'held: ']);
});

test.concurrent(
  'sub-paths of a volume appear in containers that mount more of it, and cannot be moved',
  async ({ home }) => {
    const script = `echo 1 > /all/logs/x; cat /logs/x; rm -r /all/logs 2>&1 | grep -o 'busy'; ln -s /etc /all/logs/etc; ls /logs`;
    const containers = [shell(script, ['v:/all', 'v/logs:/logs'])];
    expect(await output(home, 'sub-paths', containers, [{ name: 'v', emptyDir: {} }])).toEqual(['1', 'busy', 'etc']);
  },
);

test.concurrent('volumes are gone after kill -9 and recovery', async ({ home }) => {
  const volumes: Volume[] = [
    { name: 'm', emptyDir: {} },
    { name: 'd', emptyDir: { medium: 'DISK' } },
  ];
  const main = shell('echo x | tee /m/x > /d/x; echo started; sleep 5; cat /m2/x /d/x', ['m:/m', 'm:/m2', 'd:/d']);
  const run = home.start(['jobs', 'run', '-f', home.template('killed', { volumes, containers: [main] })]);
  await run.says('started');
  run.kill('SIGKILL');
  await run.ended;
  expect(home.volumes()).toHaveLength(2);
  const execution = await run.execution();
  await home.run(['jobs', 'executions', 'list']);
  expect(await home.completed(execution)).toMatchObject({ succeededCount: 1 });
  expect(home.log(execution)).toEqual(['started', 'x', 'x']);
  expect([...home.volumes(), ...home.containers()]).toEqual([]);
});

test.concurrent('buckets and exports are directories of this machine', async ({ home }) => {
  const data = home.scratch('data');
  mkdirSync(path.join(data, 'in', 'deep'), { recursive: true });
  writeFileSync(path.join(data, 'in', 'deep', 'file'), 'from here\n', { mode: 0o640 });
  home.config(`buckets: { data: ./data }\nnfs: { '10.0.0.2:/exports/': ./data/in }`);
  const volumes: Volume[] = [
    { name: 'b', gcs: { bucket: 'data' } },
    { name: 'only', gcs: { bucket: 'data', mountOptions: ['only-dir=in', 'uid=7', 'file-mode=600', 'implicit-dirs'] } },
    { name: 'n', nfs: { server: '10.0.0.2', path: '/exports', readOnly: true } },
  ];
  const script = `cat /deep/file; cat /n/deep/file; touch /n/x 2>&1; touch /deep/new; stat -c '%a %u' /deep/file`;
  const containers = [shell(script, ['only/deep:/deep', 'n:/n'])];
  const file = home.template('buckets', { volumes, containers });
  const command = home.inline(['jobs', 'run', '-f', file]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(home.log(await command.execution())).toEqual([
    'from here',
    'from here',
    'touch: /n/x: Read-only file system',
    '640 0',
  ]);
  expect(readdirSync(path.join(data, 'in', 'deep'))).toEqual(['file', 'new']);
  expect(statSync(path.join(data, 'in', 'deep', 'file')).uid).toBe(process.getuid?.());
  const noted =
    'Ignored locally (see docs/fidelity.md): template.template.volumes[1].gcs.mountOptions (uid=7, file-mode=600)\n';
  expect(stderr.split(noted)).toHaveLength(2);
});

test.concurrent('directories may have any name', async ({ home }) => {
  const names = [
    'a:b:ro',
    'with,comma',
    '"quoted"',
    ' spaces ',
    'new\nline',
    '-v',
    '$HOME',
    'source=x',
    'ü日🎉',
    "it's",
  ];
  const directory = home.scratch('odd');
  names.forEach((name, i) => {
    mkdirSync(path.join(directory, name));
    writeFileSync(path.join(directory, name, 'number'), `${i}\n`);
  });
  home.config(
    `buckets:\n${names.map((name, i) => `  bucket${i}: ${JSON.stringify(path.join(directory, name))}\n`).join('')}`,
  );
  const volumes = names.map((_, i) => ({ name: `v${i}`, gcs: { bucket: `bucket${i}` } }));
  const targets = names.map((name, i) => ({ name: `v${i}`, mountPath: `/m/${name.replace(/[:\n]/g, '')}${i}` }));
  const script = 'for i in 0 1 2 3 4 5 6 7 8 9; do cat /m/*$i/number; done';
  const container = { ...shell(script, []), volumeMounts: targets };
  expect(await output(home, 'odd', [container], volumes)).toEqual(names.map((_, i) => String(i)));
});

test.concurrent(
  'links in a mapped directory lead to the files of the container, not to those of this machine',
  async ({ home }) => {
    const data = home.scratch('data');
    const secret = home.file('secret');
    writeFileSync(secret, 'of this machine');
    symlinkSync(secret, path.join(data, 'absolute'));
    symlinkSync('../secret', path.join(data, 'relative'));
    symlinkSync(path.dirname(secret), path.join(data, 'directory'));
    symlinkSync('/proc/1/root/etc', path.join(data, 'root'));
    symlinkSync('/etc/hosts', path.join(data, 'hosts'));
    home.config('buckets: { data: ./data }');
    const script = `cat /b/absolute /b/relative 2>&1; ls /b/directory/ 2>&1; grep -c localhost /b/hosts /b/root/hosts; echo x > /b/../up`;
    expect(await output(home, 'links', [shell(script, ['b:/b'])], [{ name: 'b', gcs: { bucket: 'data' } }])).toEqual([
      "cat: can't open '/b/absolute': No such file or directory",
      "cat: can't open '/b/relative': No such file or directory",
      'ls: /b/directory/: No such file or directory',
      expect.stringMatching(/^\/b\/hosts:[1-9]/),
      expect.stringMatching(/^\/b\/root\/hosts:[1-9]/),
    ]);
    expect(readFileSync(secret, 'utf8')).toBe('of this machine');
    expect(readdirSync(path.dirname(data))).not.toContain('up');
  },
);

test.concurrent(
  'what is not mapped, or not there, stops a job before anything runs, and nothing is made',
  async ({ home }) => {
    writeFileSync(home.file('file'), '');
    const config = home.config('buckets: { gone: ./gone, file: ./file }');
    const volumes: Volume[] = [
      { name: 'a', gcs: { bucket: 'gone' } },
      { name: 'b', gcs: { bucket: 'file' } },
      { name: 'c', gcs: { bucket: 'new' } },
      { name: 'd', nfs: { server: 'host', path: '/share' } },
      { name: 'e', secret: { secret: 'key', items: [{ path: '../../../etc/passwd', version: '1' }] } },
      { name: 'cloudsql', cloudSqlInstance: { instances: ['p:r:i'] } },
    ];
    const env = [{ name: 'KEY', valueSource: { secretKeyRef: { secret: 'key', version: 'latest' } } }];
    const containers = [shell('true', ['a:/a', 'b:/b', 'c:/c', 'd:/d', 'e:/e', 'cloudsql:/cloudsql'], { env })];
    const { exitCode, stdout, stderr } = await home.run([
      'jobs',
      'run',
      '-f',
      home.template('all', { volumes, containers }),
    ]);
    expect([exitCode, stdout]).toEqual([1, '']);
    const shown = stderr
      .slice(stderr.indexOf('ERROR'))
      .replaceAll(path.dirname(config), 'DIR')
      .replaceAll(/^DIR.all\.json:1:\d+: |^ {4}.*\n/gm, '');
    expect(shown).toBe(
      `ERROR: (localrun.jobs.run) FAILED_PRECONDITION: Job [all] cannot run on this machine:
template.template.containers[0].env[KEY].valueSource.secretKeyRef: the secret key is not mapped
template.template.volumes[a].gcs.bucket: the bucket gone is not there: DIR/gone: there is no such file or directory
template.template.volumes[b].gcs.bucket: the bucket file is not there: DIR/file is a file and must be a directory
template.template.volumes[c].gcs.bucket: the bucket new is not mapped
template.template.volumes[d].nfs: the export host:/share is not mapped
template.template.volumes[e].secret.items[0].path: ../../../etc/passwd leads out of the volume
template.template.volumes[e].secret.items[0]: the secret key is not mapped
template.template.volumes[cloudsql].cloudSqlInstance.instances[0]: the Cloud SQL instance p:r:i is not mapped
Try: add to DIR/localrun.yaml:
secrets:
  key: { file: ./secrets/key }
buckets:
  new: ./buckets/new
nfs:
  "host:/share": ./nfs/share
cloudSql:
  "p:r:i": { tcp: "127.0.0.1:5432" }
or let localrun add it: localrun config init -f DIR/all.json
`,
    );
    expect(await home.executions()).toEqual([]);
    expect((await home.run(['jobs', 'list'])).stdout).toBe('');
    expect(readdirSync(path.dirname(config))).not.toContain('gone');
  },
);

/** A server that answers every connection by what it was asked, in capitals. */
async function capitals(at: { port?: number; path?: string }): Promise<net.Server> {
  const server = net.createServer((client) => client.on('data', (data) => client.end(data.toString().toUpperCase())));
  server.listen(at.path ?? { port: at.port ?? 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}

test.concurrent('Cloud SQL instances are sockets under /cloudsql, whatever they are here', async ({ home }) => {
  const proxy = home.scratch('proxy');
  const servers = await Promise.all([
    capitals({}),
    capitals({ path: path.join(proxy, '.s.PGSQL.5432') }),
    capitals({ path: home.file('mysql.sock') }),
  ]);
  const { port } = servers[0].address() as net.AddressInfo;
  // Longer than the name of a socket may be.
  const far = `${'long-project-name-'.repeat(3)}x:europe-west1:${'long-instance-name-'.repeat(2)}x`;
  home.config(`cloudSql:
  ${far}: { tcp: '127.0.0.1:${port}' }
  p:r:mysql: { tcp: '127.0.0.1:${port}', engine: mysql }
  p:r:proxy: { socket: ./proxy }
  p:r:socket: { socket: ./mysql.sock }
`);
  const places = [`${far}/.s.PGSQL.5432`, 'p:r:mysql', 'p:r:proxy/.s.PGSQL.5432', 'p:r:socket'];
  const program = `const net = require('net'); process.chdir('/cloudsql');
const ask = (place) => new Promise((resolve) => {
  process.chdir(require('path').dirname('/cloudsql/' + place));
  const socket = net.connect('./' + require('path').basename(place)).on('error', (e) => resolve(e.message));
  socket.on('data', (data) => resolve(data.toString())).write('hello ' + place.length);
});
(async () => { for (const place of ${JSON.stringify(places)}) console.log(await ask(place)); process.exit(0); })();`;
  const instances = [far, 'p:r:mysql', 'p:r:proxy', 'p:r:socket'];
  const file = home.template('sql', {
    maxRetries: 0,
    volumes: [{ name: 'cloudsql', cloudSqlInstance: { instances } }],
    containers: [
      {
        image: 'localrun/sample:latest',
        command: ['/usr/local/bin/node', '-e', program],
        volumeMounts: [{ name: 'cloudsql', mountPath: '/cloudsql' }],
      },
    ],
  });
  const command = home.inline(['jobs', 'run', '-f', file]);
  const { exitCode, stderr } = await command.ended;
  for (const server of servers) server.close();
  expect(exitCode, stderr).toBe(0);
  expect(home.log(await command.execution())).toEqual(places.map((place) => `HELLO ${place.length}`));
});

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Block, blocksOf } from '../support/blocks.js';
import { repository } from '../support/cli.js';
import { client, docker } from '../support/client.js';
import { type Home, test } from '../support/home.js';
import { buildImage, removeImage } from '../support/images.js';

const blocks = (document: string): Block[] => blocksOf(readFileSync(path.join(repository, document), 'utf8'));

/** A server on the port of Postgres, and what of its clients the recipes use: they reach it, and print. */
const programs = {
  psql: 'case $PGHOST in /*) test -S $PGHOST/.s.PGSQL.5432 ;; *) wget -q -O- http://$PGHOST:5432/1 ;; esac',
  pg_isready: 'wget -q -O- http://localhost:5432/1',
};
let postgres = '';
const built = `localrun/test-orders:${process.pid}`;
beforeAll(() => {
  postgres = buildImage(
    'postgres',
    ...Object.entries(programs).map(
      ([name, script]) => `RUN printf '%s\\n' '#!/bin/sh' '${script}' > /bin/${name} && chmod +x /bin/${name}`,
    ),
    'RUN mkdir /www && echo 1 > /www/1',
    'CMD ["httpd", "-f", "-p", "5432", "-h", "/www"]',
  );
});
afterAll(() => {
  removeImage(postgres);
  if (docker('image', 'ls', '--quiet', built)) removeImage(built);
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Runs blocks in order in an empty directory: writes the files, runs the commands, and compares what they print. */
async function follow(recipe: readonly Block[], home: Home): Promise<void> {
  const directory = home.scratch('recipe');
  const programs = home.scratch('bin');
  const program = path.join(programs, 'localrun');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${repository}/bin/localrun.js" "$@"\n`);
  chmodSync(program, 0o755);
  const own = path.basename(path.dirname(home.directory));
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(LOCALRUN_|CLOUDSDK_|FORCE_COLOR|CI$|GITHUB_)/.test(name),
  );
  const env = {
    ...Object.fromEntries(inherited),
    ...{ PATH: `${programs}:${process.env['PATH']}`, LOCALRUN_HOME: home.directory, LOCALRUN_DOCKER: client },
  };
  const stand: readonly [said: string | RegExp, here: string][] = [
    ['postgres:17', postgres],
    ['alpine:3', 'localrun/busybox:latest'],
    ['node:22-slim', 'localrun/sample:latest'],
    ['europe-docker.pkg.dev/acme/jobs/orders:1', built],
    [/\bshop\b/g, own],
    ['127.0.0.1:5432', `127.0.0.1:${await freePort()}`],
  ];
  const here = (text: string): string => stand.reduce((done, [said, image]) => done.replaceAll(said, image), text);
  let printed = '';
  try {
    for (const { language, info, text } of recipe) {
      if (language === 'text') {
        const missing = text.split('\n').filter((line) => !printed.includes(line));
        expect(missing, printed).toEqual([]);
      } else if (language === 'sh') {
        const { all, exitCode } = await execa('bash', ['-ec', here(text)], {
          cwd: directory,
          env,
          all: true,
          reject: false,
        });
        printed = all;
        expect({ exitCode, printed }).toEqual({ exitCode: info === 'exit=1' ? 1 : 0, printed });
      } else {
        mkdirSync(path.join(directory, path.dirname(info)), { recursive: true });
        writeFileSync(path.join(directory, info), here(text));
      }
    }
  } finally {
    // What a recipe that fails leaves behind.
    const names = (of: string): string[] =>
      docker(...[of, 'ls', '--quiet', '--filter', `name=${own}`])
        .split('\n')
        .filter(Boolean);
    for (const container of names('container')) docker('rm', '--force', container);
    for (const network of names('network')) docker('network', 'rm', network);
  }
}

const cookbook = blocks('docs/cookbook.md');

test.concurrent('the tutorial works as it is written', ({ home }) => follow(blocks('docs/tutorial.md'), home));

test.concurrent.for([...new Set(cookbook.map(({ heading }) => heading))])(
  'a recipe works as it is written: %s',
  (title, { home }) =>
    follow(
      cookbook.filter(({ heading }) => heading === title),
      home,
    ),
);

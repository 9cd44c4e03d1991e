import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempDirectory } from '../support/temp.js';

const program = path.join(import.meta.dirname, '..', '..', 'bin', 'localrun.js');

/** The files of dist that a server has loaded while a script of Node ran. */
function loadedWhile(script: string): string[] {
  const directory = tempDirectory();
  const list = path.join(directory, 'loaded');
  const preload = path.join(directory, 'preload.cjs');
  writeFileSync(
    preload,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(list)}, Object.keys(require.cache).join('\\n')))`,
  );
  const env = { ...process.env, LOCALRUN_HOME: directory, DOCKER_HOST: 'unix:///nonexistent' };
  const args = ['--require', preload, program, 'serve', '--port', '0', '--', process.execPath, '-e', script];
  execFileSync(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  return readFileSync(list, 'utf8')
    .split('\n')
    .map((file) => path.basename(file));
}

test('requests over REST load nothing of gRPC, which the first connection over HTTP/2 loads', () => {
  const rest = `fetch(process.env.LOCALRUN_SERVER + '/v2/projects/local-project/locations/us-central1/jobs').then(
    ({ status }) => (process.exitCode = status === 200 ? 0 : 1))`;
  const loaded = loadedWhile(rest);
  expect(loaded).toContain('rest.cjs');
  expect(loaded).not.toContain('grpc.cjs');
  const h2 = `const session = require('node:http2').connect(process.env.LOCALRUN_SERVER);
    session.on('remoteSettings', () => session.close())`;
  expect(loadedWhile(h2)).toContain('grpc.cjs');
});

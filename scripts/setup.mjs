// @ts-check
// What quickstart and the tests need besides the packages before they can begin: a build, a container engine.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { execa, execaSync } from 'execa';
import { giveUp, root, say } from './packages.mjs';

/**
 * Runs a command with its output on ours; ends the script if it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {import('execa').SyncOptions} options
 */
export function must(command, args, options = {}) {
  const { failed, shortMessage } = execaSync(command, args, { cwd: root, stdio: 'inherit', reject: false, ...options });
  if (failed) giveUp(shortMessage ?? `${command} failed`);
}

/**
 * The output of a command that may fail; undefined if it does.
 * @param {string} command
 * @param {string[]} args
 */
export function ask(command, args) {
  const { failed, stdout } = execaSync(command, args, { cwd: root, stdin: 'ignore', reject: false });
  return failed ? undefined : stdout.trim();
}

export function build() {
  say('Building...');
  must(process.execPath, [path.join(root, 'scripts', 'build.mjs')]);
}

const engineVersion = () => ask('docker', ['version', '--format', '{{.Server.Version}}']);

/** Makes sure that a container engine answers: the one there is or, as root on Debian or Ubuntu, one that it installs. */
export async function ensureEngine() {
  const running = engineVersion();
  if (running) {
    say(`Using the container engine that is there (${running}).`);
    return;
  }
  if (process.env.DOCKER_HOST)
    giveUp(`No container engine answers at DOCKER_HOST=${process.env.DOCKER_HOST}. Start it, or unset DOCKER_HOST.`);
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !isDebian()) {
    giveUp(
      'No container engine answers. Install and start Docker (https://docs.docker.com/engine/install/), or point DOCKER_HOST or a docker context at an engine that runs; `docker version` must show a server. Then run this again.',
    );
  }
  if (!ask('sh', ['-c', 'command -v dockerd'])) {
    say('No container engine is installed: installing docker.io with apt-get...');
    installDebian('docker.io');
  }
  say('Starting the container engine...');
  startEngine();
  for (let waited = 0; waited < 60; waited++) {
    const version = engineVersion();
    if (version) {
      say(`The container engine answers (${version}).`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  giveUp(`The container engine was started and does not answer; ${engineLog} may say why.`);
}

/** What some of the tests are about. */
const subjects = ['podman', 'zsh', 'fish', 'groff', 'docker-registry', 'chromium'];

/**
 * Makes sure that podman, the shells with completion and a browser are there for the tests on them, as far as it can; what is not
 * there has its tests left out. Returns what is missing.
 */
export function ensureSubjects() {
  const missing = () => subjects.filter((name) => !ask(name, ['--version']));
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  if (missing().length > 0 && isRoot && isDebian()) {
    say(`Installing ${missing().join(', ')} with apt-get...`);
    installDebian(...missing());
  }
  // Podman's are run by root only.
  const gone = missing();
  const left = subjects.filter((name) => gone.includes(name) || (name === 'podman' && !isRoot));
  if (left.length > 0) {
    say(`The tests on ${left.join(', ')} are left out: what is missing only root on Debian or Ubuntu gets from here.`);
  }
  return left;
}

/**
 * Installs Debian packages and nothing that they only recommend.
 * @param {string[]} names
 */
export function installDebian(...names) {
  /** @type {import('execa').SyncOptions} */
  const options = {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  };
  must('apt-get', ['update', '-qq'], options);
  must('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...names], options);
}

export function isDebian() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(release);
}

const engineLog = '/var/log/dockerd.log';

function startEngine() {
  if (existsSync('/run/systemd/system')) return must('systemctl', ['start', 'docker']);
  // With the file as its own: it outlives this process.
  const words = ['-c', 'exec dockerd >> "$0" 2>&1', engineLog];
  execa('sh', words, { detached: true, cleanup: false, reject: false, stdio: 'ignore' }).unref();
}

// @ts-check
// What the lab needs from the host: Debian's packages, and the servers of Kubernetes, which no package has.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execaSync } from 'execa';
import { root, say } from '../packages.mjs';
import { ask, installDebian, isDebian } from '../setup.mjs';

const servers = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet'];

/** The Debian package of each program that the lab runs. */
const packages = {
  dockerd: 'docker.io',
  runc: 'runc',
  etcd: 'etcd-server',
  kubectl: 'kubernetes-client',
  ip: 'iproute2',
  openssl: 'openssl',
  unshare: 'util-linux',
  xz: 'xz-utils',
};

/** Why this host cannot run the lab; undefined if it can. Installs the packages that are missing where it can. */
export function obstacle() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'the lab needs root on Linux';
  if (!/^[1-9]\d*:[\w,]*\bmemory\b/m.test(readFileSync('/proc/self/cgroup', 'utf8')))
    return 'the lab runs on cgroup v1 only, and this host has v2';
  if (!existsSync(process.env.LOCALRUN_KUBERNETES_BIN ?? archive() ?? ''))
    return `the servers of Kubernetes are missing: set LOCALRUN_KUBERNETES_BIN to a directory with ${servers.join(', ')}. scripts/kubernetes-lab/build.sh builds them`;
  const missing = () =>
    Object.entries(packages)
      .filter(([program]) => !ask('sh', ['-c', 'command -v "$0"', program]))
      .map(([, name]) => name);
  if (missing().length > 0 && isDebian()) {
    say(`Installing ${missing().join(', ')} with apt-get...`);
    installDebian(...missing());
  }
  return missing().length > 0 ? `these Debian packages are missing: ${missing().join(', ')}` : undefined;
}

/** The newest archive of the servers beside the project. */
function archive() {
  const directory = path.join(root, '..', 'shared', 'kubernetes');
  if (!existsSync(directory)) return undefined;
  const names = readdirSync(directory).filter((name) => name.endsWith('.tar.xz'));
  const newest = names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  return newest && path.join(directory, newest);
}

/** The directory of the servers; unpacks their archive if that has not been done yet. @throws Error if one is missing */
export function serverDirectory() {
  const directory = process.env.LOCALRUN_KUBERNETES_BIN ?? unpacked();
  const missing = servers.filter((server) => !existsSync(path.join(directory, server)));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} not found in ${directory}`);
  return path.resolve(directory);
}

function unpacked() {
  const from = archive();
  if (!from) throw new Error('There is no archive of the servers of Kubernetes.');
  const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'localrun', 'kubernetes');
  const target = path.join(cache, `${path.basename(from, '.tar.xz')}-${statSync(from).size}`);
  if (existsSync(target)) return target;
  say(`Unpacking ${from} to ${target}...`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, 'new-'));
  try {
    execaSync('tar', ['-xJf', from, '-C', work]);
    renameSync(work, target);
  } catch (error) {
    rmSync(work, { recursive: true });
    // Another process has unpacked it meanwhile.
    if (!existsSync(target)) throw error;
  }
  return target;
}

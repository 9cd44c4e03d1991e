import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Engine } from '../../../../src/runtime/docker/diagnosis.js';
import { diagnoseEngine } from '../../../../src/runtime/docker/diagnosis.js';
import { tempDirectory } from '../../../support/temp.js';

/** The engine as a client reports it that answers `info` with this, and has no images. */
async function engine(version: string, info: object): Promise<Engine | undefined> {
  const program = path.join(tempDirectory(), 'client');
  const script = `#!/bin/sh
case $1 in
--version) echo '${version}' ;;
info) cat <<'END'
${JSON.stringify(info)}
END
esac
`;
  writeFileSync(program, script, { mode: 0o755 });
  const report = await diagnoseEngine(program, { ...process.env, DOCKER_HOST: 'unix:///run/x.sock' });
  expect(report.failure).toBeUndefined();
  return report.engine;
}

const docker = {
  ...{ NCPU: 2, MemTotal: 2 ** 30 },
  ...{ ServerVersion: '27.1', Architecture: 'x86_64', CgroupVersion: '2', DockerRootDir: '/data', Warnings: null },
  ...{ MemoryLimit: true, SwapLimit: true, CpuCfsQuota: true, PidsLimit: true },
};
const podman = (cgroupControllers: string[] | null): object => ({
  host: { arch: 'amd64', cpus: 2, memTotal: 2 ** 30, hostname: 'vm', cgroupVersion: 'v2', cgroupControllers },
  ...{ store: { graphRoot: '/storage' }, version: { Version: '4.3.1' } },
});

test.each<[object, Partial<Engine>]>([
  [docker, { cgroup: '2', unlimited: [], warnings: [], directory: '/data' }],
  [{ ...docker, SwapLimit: false, PidsLimit: false }, { unlimited: ['swap', 'pids'] }],
  [{ ...docker, MemoryLimit: false, CpuCfsQuota: false }, { unlimited: ['memory', 'cpu'] }],
  // An engine that is too old to say so has said nothing.
  [
    { ...docker, PidsLimit: undefined, CgroupVersion: undefined },
    { unlimited: [], cgroup: 'unknown' },
  ],
  [{ ...docker, Warnings: ['WARNING: No swap limit support'] }, { warnings: ['No swap limit support'] }],
  [
    { ...docker, CgroupDriver: 'systemd' },
    { unmeasured: expect.stringContaining('cgroup driver is systemd') as string },
  ],
])('what docker cannot limit: %j', async (info, found) => {
  expect(await engine('Docker version 28.2.2, build e6534b4', info)).toMatchObject(found);
});

test.each<[string[] | null, string[]]>([
  [['cpuset', 'cpu', 'memory', 'pids'], []],
  [['memory', 'pids'], ['cpu']],
  // As without cgroup delegation to a user.
  [null, ['memory', 'cpu', 'pids']],
])('what podman cannot limit with controllers %j', async (controllers, unlimited) => {
  expect(await engine('podman version 4.3.1', podman(controllers))).toMatchObject({ cgroup: '2', unlimited });
});

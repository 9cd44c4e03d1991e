import { describe, expect, test } from 'vitest';
import { environment, loadConfig } from '../../src/config.js';

const at = (env: Record<string, string>, platform = 'linux'): ReturnType<typeof loadConfig> =>
  loadConfig({ env, platform, homeDirectory: '/home/dev', userName: 'dev', hostName: 'laptop' });

test('nothing needs to be set', () => {
  expect(at({})).toEqual({
    home: '/home/dev/.local/state/localrun',
    project: 'local-project',
    projectNumber: '100000000000',
    location: 'us-central1',
    account: 'dev@laptop',
    projectOwner: 'dev@laptop',
    enforceIam: false,
    apiVersion: 'v2',
    credentialsFile: '/home/dev/.config/gcloud/application_default_credentials.json',
    runtime: 'docker',
    docker: 'docker',
    kubectl: 'kubectl',
    toolbox: 'busybox',
    engineTimeout: '2m',
    maxParallelism: 32,
    logRetention: '30d',
    logLimit: '10GiB',
  });
});

test('our own variables win over those of gcloud, and these over defaults; an empty one is unset', () => {
  const gcloud = { CLOUDSDK_CORE_PROJECT: 'g', CLOUDSDK_RUN_REGION: 'g1', CLOUDSDK_CORE_ACCOUNT: 'g@example.com' };
  expect(at(gcloud)).toMatchObject({ project: 'g', location: 'g1', account: 'g@example.com' });
  const own = { LOCALRUN_PROJECT: 'l', LOCALRUN_REGION: 'l1', LOCALRUN_ACCOUNT: 'l@example.com' };
  expect(at({ ...gcloud, ...own })).toMatchObject({ project: 'l', location: 'l1', account: 'l@example.com' });
  expect(at({ ...gcloud, LOCALRUN_PROJECT: '' })).toMatchObject({ project: 'g' });
  expect(at({ LOCALRUN_DOCKER: 'podman', LOCALRUN_PROJECT_NUMBER: '7' })).toMatchObject({
    docker: 'podman',
    projectNumber: '7',
  });
});

test('the flag for the account wins, and leaves the owner of the project who he is', () => {
  const surroundings = { env: { LOCALRUN_ACCOUNT: 'l@example.com' }, platform: 'linux' };
  const config = loadConfig(
    { ...surroundings, homeDirectory: '/home/dev', userName: 'dev', hostName: 'laptop' },
    { account: 'f@example.com' },
  );
  expect(config).toMatchObject({ account: 'f@example.com', projectOwner: 'dev@laptop' });
});

test('policies are enforced where that is said, in so many words', () => {
  expect(at({ LOCALRUN_ENFORCE_IAM: 'true' }).enforceIam).toBe(true);
  expect(at({ LOCALRUN_ENFORCE_IAM: '0' }).enforceIam).toBe(false);
  expect(() => at({ LOCALRUN_ENFORCE_IAM: 'perhaps' })).toThrow('LOCALRUN_ENFORCE_IAM must be true or false');
});

test('the runtime is the container engine unless a variable or the file says otherwise', () => {
  expect(at({ KUBECONFIG: '/k', KUBERNETES_SERVICE_HOST: '10.0.0.1' }).runtime).toBe('docker');
  expect(at({ LOCALRUN_RUNTIME: 'kubernetes' }).runtime).toBe('kubernetes');
  const surroundings = { platform: 'linux', homeDirectory: '/home/dev', userName: 'dev', hostName: 'laptop' };
  const file = { runtime: { kind: 'kubernetes' as const } };
  expect(loadConfig({ ...surroundings, env: {} }, {}, file).runtime).toBe('kubernetes');
  expect(loadConfig({ ...surroundings, env: { LOCALRUN_RUNTIME: 'docker' } }, {}, file).runtime).toBe('docker');
  expect(() => at({ LOCALRUN_RUNTIME: 'podman' })).toThrow(
    'LOCALRUN_RUNTIME must be docker or kubernetes, got podman (docker stands for podman, too; LOCALRUN_DOCKER names the client)',
  );
});

test('a cluster worker is named by a variable or by the file, as a deployment in a namespace', () => {
  expect(at({}).worker).toBeUndefined();
  expect(at({ LOCALRUN_WORKER: 'jobs/localrun-worker' }).worker).toBe('jobs/localrun-worker');
  const surroundings = { platform: 'linux', homeDirectory: '/home/dev', userName: 'dev', hostName: 'laptop' };
  const load = (worker: string) => loadConfig({ ...surroundings, env: {} }, {}, { runtime: { worker } });
  expect(load('batch/worker').worker).toBe('batch/worker');
  expect(() => load('worker')).toThrow('runtime.worker in localrun.yaml must be NAMESPACE/DEPLOYMENT, got worker');
  expect(() => at({ LOCALRUN_WORKER: '--all/x' })).toThrow('LOCALRUN_WORKER must be NAMESPACE/DEPLOYMENT');
});

describe('the state directory', () => {
  test.each([
    [{}, 'darwin', '/home/dev/Library/Application Support/localrun'],
    [{ XDG_STATE_HOME: '/state' }, 'linux', '/state/localrun'],
    [{ XDG_STATE_HOME: '/state', LOCALRUN_HOME: '/mine' }, 'linux', '/mine'],
    [{ LOCALAPPDATA: '/local' }, 'win32', '/local/localrun'],
    [{}, 'win32', '/home/dev/AppData/Local/localrun'],
  ])('with %j on %s', (env, platform, home) => {
    expect(at(env as Record<string, string>, platform).home).toBe(home);
  });
});

test.each(['0', '-1', '1.5', 'many', ' '])('the parallelism %j cannot be meant', (text) => {
  expect(() => at({ LOCALRUN_MAX_PARALLELISM: text })).toThrow(
    `LOCALRUN_MAX_PARALLELISM must be a whole number greater than 0, got ${text}`,
  );
});

test('logs have limits, or none', () => {
  expect(at({ LOCALRUN_LOG_RETENTION: '12h', LOCALRUN_LOG_LIMIT: 'none' })).toMatchObject({
    logRetention: '12h',
    logLimit: 'none',
  });
  expect(() => at({ LOCALRUN_LOG_RETENTION: 'a month' })).toThrow(
    'LOCALRUN_LOG_RETENTION must be a duration such as 12h or 30d, or none, got a month',
  );
  expect(() => at({ LOCALRUN_LOG_LIMIT: '-1' })).toThrow(
    'LOCALRUN_LOG_LIMIT must be a size such as 500MB or 10GiB, or none, got -1',
  );
});

test('the patience with the engine is a duration above 0', () => {
  expect(at({ LOCALRUN_ENGINE_TIMEOUT: '90s' }).engineTimeout).toBe('90s');
  for (const wrong of ['0', 'none', 'soon', '-1s']) {
    expect(() => at({ LOCALRUN_ENGINE_TIMEOUT: wrong })).toThrow(
      `LOCALRUN_ENGINE_TIMEOUT must be a duration such as 30s or 5m, got ${wrong}`,
    );
  }
});

test('every variable of ours is described', () => {
  expect(at({ LOCALRUN_MAX_PARALLELISM: '5' }).maxParallelism).toBe(5);
  const told = environment.flatMap(([name]) => name.split(', ')).filter((name) => name.startsWith('LOCALRUN_'));
  // Where localrun.yaml is looked for is found out before.
  const read: string[] = [];
  const env = new Proxy<Record<string, string>>({}, { get: (_, name) => void read.push(String(name)) });
  at(env);
  expect([...new Set(read)].filter((name) => name.startsWith('LOCALRUN_')).toSorted()).toEqual(
    told.filter((name) => name !== 'LOCALRUN_CONFIG').toSorted(),
  );
});

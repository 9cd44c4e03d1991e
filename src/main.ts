import { closeSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Open } from './cli/command/command.js';
import { readCommandLine } from './cli/command/command-line.js';
import type { Context } from './cli/command/context.js';
import { checkedUsage, exitCodeOf, printError } from './cli/errors.js';
import type { Track } from './cli/flags/flag.js';
import type { Io } from './cli/io.js';
import { buildProgram, checkLine, withSuggestion } from './cli/command/program.js';
import type { Config } from './config.js';
import type { LocalDocument } from './local/settings-file.js';
import { endpointOf } from './model/runtime-identity.js';
import type { KubernetesSettings } from './model/local/settings.js';
import type { KeepingExecution } from './model/kept-containers.js';
import { type Parent, shortName } from './model/names.js';
import { parseSize } from './model/quantity.js';
import { parseGcloudDuration } from './model/time.js';
import type { ApiOptions } from './runtime/kubernetes/api.js';
import type { AttemptRuntime } from './runtime/port.js';
import type { ImageBuilder } from './runtime/image-builder.js';
import type { DoctorDeps } from './service/doctor/check.js';
import type { RunnerCall } from './service/execution-runner.js';
import type { Runtimes } from './service/runtimes.js';
import type { Call, Service } from './service/service.js';

export { systemIo } from './cli/io.js';

/** `src` and `dist` are both one directory below the package. */
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const schemas = fileURLToPath(new URL('../schema', import.meta.url));

/** The whole command tree. */
export const commandTree = async (io: Pick<Io, 'out' | 'err'>, open: Open): Promise<Command> =>
  (await buildProgram(io, version, open)).tree;

/** The sources of the published schemas, the lists of fields, rules and environment variables. */
export const declarations = async () => ({
  schemas: (await import('./model/schema/json-schema.js')).jsonSchemas(),
  rules: (await import('./model/validation/rules.js')).validationRules,
  fields: (await import('./model/field-effects.js')).declaredFields(),
  environment: (await import('./config.js')).environment,
});

/** Runs one command line, without the program's name, and returns its exit code. */
export async function main(given: readonly string[], io: Io): Promise<number> {
  const line = await readCommandLine(given, io);
  const closing: (() => void)[] = [];
  const beside: Promise<void>[] = [];
  let begun = false;
  let exitCode = 0;
  let defaults: Parent | undefined;
  const open: Open = async (flags, { here, files }, parse) => {
    const [{ loadConfig }, { findLocalFile }] = await Promise.all([
      import('./config.js'),
      import('./local/settings-file.js'),
    ]);
    const local = await findLocalFile(io);
    const config = checkedUsage(() => loadConfig(io, flags, local?.value));
    const { project, location } = loadConfig(io, {}, local?.value);
    defaults = { project, location };
    const { worker } = config;
    const chosen = flags.runtime ?? (io.env['LOCALRUN_RUNTIME'] && config.runtime);
    if (worker !== undefined && !here && chosen !== 'docker') {
      const [{ forward }, { execInDeployment }] = await Promise.all([
        import('./cli/forwarding/forward.js'),
        import('./runtime/kubernetes/exec.js'),
      ]);
      const track = line.track === 'GA' ? [] : [line.track.toLowerCase()];
      const connect = () =>
        execInDeployment(['localrun', '__forwarded'], {
          ...{ kubectl: config.kubectl, context: local?.value.runtime?.context, deployment: worker, env: io.env },
        });
      exitCode = await forward({ version, words: [...track, ...line.args], files, local, worker, connect }, io);
      return undefined;
    }
    const opened = context(io, line.track, config, defaults, local, closing, beside);
    await parse(opened);
    begun = true;
    return opened;
  };
  const program = await buildProgram(io, version, open, line);
  try {
    if (line.problem) throw line.problem;
    if (line.args.length === 0) {
      program.tree.outputHelp();
      return 0;
    }
    await checkLine(program, line);
    await program.tree.parseAsync(line.args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    const error = await withSuggestion(thrown, program);
    printError(error, program.words.join('.'), io, defaults);
    return exitCodeOf(error, { begun });
  } finally {
    await Promise.all(beside);
    for (const close of closing) close();
  }
}

function context(
  io: Io,
  track: Track,
  config: Config,
  defaults: Parent,
  local: LocalDocument | undefined,
  closing: (() => void)[],
  beside: Promise<void>[],
): Context {
  const runtimes = new Map<string, Promise<AttemptRuntime>>();
  let call: Promise<Call> | undefined;
  let runner: Promise<RunnerCall> | undefined;
  let builder: Promise<ImageBuilder> | undefined;
  const enginePatience = (): number => (parseGcloudDuration(config.engineTimeout) ?? 0) * 1000;
  const openEngine = async (): Promise<AttemptRuntime> => {
    const [{ DockerRuntime }, { dockerEngine }, { Strays }] = await Promise.all([
      import('./runtime/docker/attempts/runtime.js'),
      import('./runtime/docker/engine.js'),
      import('./runtime/docker/strays.js'),
    ]);
    const strays = new Strays(io.processes, config.home, io.owner.token);
    return new DockerRuntime(dockerEngine(config.docker, io.env, enginePatience(), strays));
  };
  const apiOptions = (settings: KubernetesSettings): ApiOptions => ({
    ...{ settings, kubectl: config.kubectl, env: io.env, patienceMs: enginePatience() },
  });
  const openCluster = async (settings: KubernetesSettings): Promise<AttemptRuntime> => {
    const [{ KubernetesRuntime }, { homeId }] = await Promise.all([
      import('./runtime/kubernetes/runtime.js'),
      import('./store/home-id.js'),
    ]);
    return new KubernetesRuntime({ ...apiOptions(settings), homeId });
  };
  const runtimeOf: Runtimes = (choice) => {
    const key = choice ? JSON.stringify([choice.context, choice.namespace]) : '';
    const open = async (): Promise<AttemptRuntime> => {
      const opened = await (choice ? openCluster(choice) : openEngine());
      closing.push(() => opened.close());
      return opened;
    };
    const runtime = runtimes.get(key) ?? open();
    runtimes.set(key, runtime);
    return runtime;
  };
  const openService = async (): Promise<Service> => {
    const [{ randomBytes, randomUUID }, { openStore }, { LogFiles }, { StoreChanges }, { Workers }] = await Promise.all(
      [
        import('node:crypto'),
        import('./store/sqlite.js'),
        import('./store/logs.js'),
        import('./service/changes.js'),
        import('./service/workers.js'),
      ],
    );
    const store = openStore(config.home);
    const logs = new LogFiles(config.home);
    closing.push(() => store.close());
    const workers = new Workers({
      ...{ store, logs, owner: io.owner, alive: io.alive, now: Date.now, uuid: randomUUID },
      start(execution, token) {
        const output = logs.openWorker(execution);
        try {
          return io.spawnSelf(['__worker', execution, token], output);
        } finally {
          closeSync(output);
        }
      },
    });
    return {
      store,
      logs,
      changes: new StoreChanges(store),
      projectOwner: config.projectOwner,
      enforced: config.enforceIam ? (await import('./model/iam/conditions.js')).holds : undefined,
      projectNumber: config.projectNumber,
      env: io.env,
      now: Date.now,
      uuid: randomUUID,
      randomBytes,
      alive: io.alive,
      // The cluster worker sees it in the store.
      spawnWorker: io.forwarded ? () => {} : workers.start.bind(workers),
      engine: async (execution) => {
        const { clusterOf } = await import('./service/runtimes.js');
        return (await runtimeOf(clusterOf({ store }, execution))).identify();
      },
      discard: (executions) => void beside.push(discard(executions)),
    };
  };
  const openCall = async (): Promise<Call> => {
    const [service, { callOf }, { localSettings }] = await Promise.all([
      openService(),
      import('./service/service.js'),
      import('./cli/flags/local.js'),
    ]);
    return callOf(service, { account: config.account, settings: localSettings({ local, io, config }, {}) });
  };
  const discard = async (executions: readonly KeepingExecution[]): Promise<void> => {
    try {
      const [{ discardKept }, deps] = await Promise.all([import('./service/execution-runner.js'), result.runner()]);
      for (const { name, engine } of await discardKept(deps, executions)) {
        reportKept(io, [name], `they are on another container engine (${endpointOf(engine)}).`);
      }
    } catch (error) {
      const names = executions.map(({ name }) => name);
      reportKept(io, names, (error as Error).message);
    }
  };
  const openRunner = async (): Promise<RunnerCall> => {
    const { GcloudCredentials } = await import('./service/execution-runner.js');
    const { home, maxParallelism, logRetention, logLimit } = config;
    return {
      ...(await result.service()),
      runtime: runtimeOf,
      credentials: new GcloudCredentials(config.credentialsFile, io.env, Date.now),
      home,
      maxParallelism,
      elsewhere: io.forwarded,
      logRetention: { seconds: parseGcloudDuration(logRetention), bytes: parseSize(logLimit) },
      owner: io.owner,
    };
  };
  const openBuilder = async (): Promise<ImageBuilder> => {
    const { EngineImageBuilder } = await import('./runtime/docker/image-builder.js');
    const opened = new EngineImageBuilder(config.docker, io.env, enginePatience(), io.processes);
    closing.push(() => opened.close());
    return opened;
  };
  const doctor = async (): Promise<DoctorDeps> => {
    const { localSettings } = await import('./cli/flags/local.js');
    return {
      home: config.home,
      now: Date.now,
      alive: io.alive,
      cluster: localSettings({ local, io, config }, {}).runtime,
      diagnose: async () =>
        (await import('./runtime/docker/diagnosis.js')).diagnoseEngine(config.docker, io.env, enginePatience()),
      diagnoseCluster: async (settings) =>
        (await import('./runtime/kubernetes/diagnosis.js')).diagnoseCluster(apiOptions(settings)),
      runtime: runtimeOf,
      open: openService,
    };
  };
  const result: Context = {
    io,
    track,
    config,
    defaults,
    local,
    service: () => (call ??= openCall()),
    runner: () => (runner ??= openRunner()),
    imageBuilder: () => (builder ??= openBuilder()),
    doctor,
    openServer: async (options) => (await import('./server/server.js')).openServer(options),
    frozenPage: async () => (await import('./server/page/frozen-page.js')).frozenPage,
    indexedJob: async () => (await import('./runtime/kubernetes/indexed-job.js')).indexedJob,
    workerManifest: async () => (await import('./runtime/kubernetes/worker-manifest.js')).workerManifest,
    version,
    schemas,
    main,
  };
  return result;
}

/** Reports that the containers that executions have kept were not removed. */
function reportKept({ err }: Io, executions: readonly string[], why: string): void {
  err.write(`The kept containers of [${executions.map(shortName).join(', ')}] were not removed: ${why}\n`);
}

import type { Config } from '../../config.js';
import type { LocalDocument } from '../../local/settings-file.js';
import type { ClusterWorker } from '../../model/cluster-worker.js';
import type { Parent } from '../../model/names.js';
import type { DoctorDeps } from '../../service/doctor/check.js';
import type { ImageBuilder } from '../../service/build-image.js';
import type { Build } from '../../service/export.js';
import type { RunnerCall } from '../../service/execution-runner.js';
import type { Server, ServerOptions } from '../../server/server.js';
import type { Call } from '../../service/service.js';
import type { FrozenPage } from '../../server/page/frozen-page.js';
import type { Track } from '../flags/flag.js';
import type { Io } from '../io.js';

/** What a command works with. The store and the container engine are opened on first use. */
export interface Context {
  io: Io;
  /** The release track in the command line. */
  track: Track;
  config: Config;
  /** The project and location where the command line names none. */
  defaults: Parent;
  /** The localrun.yaml in effect. */
  local: LocalDocument | undefined;
  service(): Promise<Call>;
  runner(): Promise<RunnerCall>;
  /** Builds images in the container engine of this machine. */
  imageBuilder(): Promise<ImageBuilder>;
  /** Serves the API; loaded when it is needed. */
  openServer: (options: ServerOptions) => Promise<Server>;
  /** For inspecting both, even if they are damaged or unavailable. */
  doctor(): Promise<DoctorDeps>;
  /** Makes the page of an execution as a file. */
  frozenPage(): Promise<FrozenPage>;
  /** Makes a Job of Kubernetes. */
  indexedJob(): Promise<Build>;
  workerManifest(): Promise<(worker: ClusterWorker) => object[]>;
  /** Of localrun. */
  version: string;
  /** The directory with the published JSON Schemas. */
  schemas: string;
  /** Runs another command line. */
  main: (words: readonly string[], io: Io) => Promise<number>;
}

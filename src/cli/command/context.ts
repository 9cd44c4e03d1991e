import type { Config } from '../../config.js';
import type { LocalDocument } from '../../local/settings-file.js';
import type { Parent } from '../../model/names.js';
import type { DoctorDeps } from '../../service/doctor/check.js';
import type { HostDeps } from '../../service/host.js';
import type { ServiceDeps } from '../../service/service.js';
import type { Track } from '../flags/flag.js';
import type { Io } from '../io.js';

/** What a command has to work with. The store and the container engine are opened when they are first asked for. */
export interface Context {
  io: Io;
  /** The release track that the command line names. */
  track: Track;
  config: Config;
  /** The project and location of a command line that names none. */
  defaults: Parent;
  /** The localrun.yaml that is in force. */
  local: LocalDocument | undefined;
  service(): Promise<ServiceDeps>;
  host(): Promise<HostDeps>;
  /** For looking at both, whatever state they are in. */
  doctor(): Promise<DoctorDeps>;
}

import type { LocalSettings } from '../../model/local/settings.js';
import { type HostDeps, requireSurroundings } from '../../service/host.js';
import type { Context } from './context.js';

/** After how long it is said that the container engine has not answered yet, in ms. */
const patience = 5000;

/** As `requireSurroundings`, with a word to those who wait for an engine that takes its time. @throws StatusError */
export async function awaitSurroundings(
  { io, config }: Context,
  host: HostDeps,
  settings: LocalSettings,
): Promise<void> {
  const say = (): void =>
    io.err.write(
      `The container engine has not answered yet; it gets ${config.engineTimeout} (LOCALRUN_ENGINE_TIMEOUT).\n`,
    );
  const timer = setTimeout(say, patience);
  try {
    await requireSurroundings(host, settings);
  } finally {
    clearTimeout(timer);
  }
}

import type { Context } from './context.js';

/** Reports that the container engine has not answered yet. */
export const tellSlowEngine = ({ io, config }: Context): void =>
  io.err.write(
    `The container engine has not answered yet; waiting up to ${config.engineTimeout} (LOCALRUN_ENGINE_TIMEOUT).\n`,
  );

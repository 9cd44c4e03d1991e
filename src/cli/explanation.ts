import { explainConfig, fileName, type Setting } from '../config.js';
import { problemOf, realDirectory, realSocket, secretProblem } from '../local/sources.js';
import { anyVersion } from '../model/local/settings.js';
import type { CommonOptions } from './command/command.js';
import type { Context } from './command/context.js';
import { explainLocal, type LocalFlags, localSettings } from './flags/local.js';
import { shownEndpoint, shownSource } from './output/local-settings.js';

/** Something that localrun.yaml maps. */
export interface Mapping {
  name: string;
  /** Of a secret. */
  version?: string;
  /** What stands for it; never a value. */
  source: string;
  /** Whether it is there now; absent where only a job can find out. */
  resolves?: boolean;
  problem?: string | undefined;
}

/** What is in force, and why. */
export interface Explanation {
  /** The file that is in force. */
  file: string | undefined;
  settings: ({ name: string } & Setting<string | number | boolean | undefined>)[];
  secrets: Mapping[];
  buckets: Mapping[];
  nfs: Mapping[];
  cloudSql: Mapping[];
}

export function explanation(context: Context, options: CommonOptions & LocalFlags): Explanation {
  const { io, local } = context;
  const { secrets, buckets, nfs, cloudSql } = localSettings(context, options);
  const { location, ...config } = explainConfig(io, options, local?.value ?? {});
  const settings = [...Object.entries({ ...config, region: location }), ...explainLocal(context, options)];
  const lineOf = (name: string): string => (local ? `${local.shown}:${local.locate([name])?.line ?? 1}` : fileName);
  const checked = (problem: string | undefined): Pick<Mapping, 'resolves' | 'problem'> => ({
    resolves: problem === undefined,
    problem,
  });
  const directories = (of: Record<string, string>): Mapping[] =>
    Object.entries(of).map(([name, source]) => ({ name, source, ...checked(problemOf(() => realDirectory(source))) }));
  return {
    file: local?.file,
    settings: settings
      .map(([name, { value, source }]) => ({ name, value, source: source === fileName ? lineOf(name) : source }))
      .toSorted((a, b) => a.name.localeCompare(b.name)),
    secrets: Object.entries(secrets).flatMap(([name, versions]) =>
      Object.entries(versions).map(([version, source]) => ({
        name,
        version: version === anyVersion ? 'any' : version,
        source: shownSource(source),
        ...checked(secretProblem(source, io.env)),
      })),
    ),
    buckets: directories(buckets),
    nfs: directories(nfs),
    cloudSql: Object.entries(cloudSql).map(([name, endpoint]) =>
      'socket' in endpoint
        ? { name, source: endpoint.socket, ...checked(problemOf(() => realSocket(endpoint.socket))) }
        : { name, source: shownEndpoint(endpoint) },
    ),
  };
}

import { explainConfig, fileName, type Setting } from '../../../config.js';
import { problemOf, realDirectory, realSocket, secretProblem } from '../../../local/sources.js';
import { anyVersion } from '../../../model/local/settings.js';
import type { Context } from '../../command/context.js';
import type { CommonOptions } from '../../flags/global.js';
import { explainLocal, type LocalFlags, localSettings } from '../../flags/local.js';
import { shownClaim, shownEndpoint, shownSource } from '../../output/local-settings.js';
import { print } from '../../output/print.js';
import { plain } from '../../output/resource-kinds.js';
import { boundedTable } from '../../output/bounded-table.js';
import type { Column } from '../../output/table.js';
import type { Output } from '../../io.js';

export async function run(context: Context, options: CommonOptions & LocalFlags): Promise<void> {
  const found = explanation(context, options);
  await print(context, options, found, { kind: plain, human: () => human(found, context.io.out) });
}

/** Something that localrun.yaml maps. */
interface Mapping {
  name: string;
  /** Of a secret. */
  version?: string;
  /** Where it comes from; never a value. */
  source: string;
  /** Whether it exists now; absent where only a job can find out. */
  resolves?: boolean;
  problem?: string | undefined;
}

/** The configuration in effect, and the source of each setting. */
interface Explanation {
  /** The localrun.yaml in effect. */
  file: string | undefined;
  settings: ({ name: string } & Setting<string | number | boolean | undefined>)[];
  secrets: Mapping[];
  buckets: Mapping[];
  nfs: Mapping[];
  cloudSql: Mapping[];
}

function explanation(context: Context, options: CommonOptions & LocalFlags): Explanation {
  const { io, local } = context;
  const { secrets, buckets, claims, nfs, cloudSql } = localSettings(context, options);
  const { location, ...config } = explainConfig(io, options, local?.value ?? {});
  const settings = Object.entries({
    ...{ ...config, region: location },
    ...Object.fromEntries(explainLocal(context, options)),
  });
  const lineOf = (name: string): string =>
    local ? `${local.shown}:${local.locate(name.split('.'))?.line ?? 1}` : fileName;
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
        ...('kubernetesSecret' in source ? {} : checked(secretProblem(source, io.env))),
      })),
    ),
    buckets: [
      ...directories(buckets),
      ...Object.entries(claims).map(([name, claim]) => ({ name, source: shownClaim(claim) })),
    ],
    nfs: directories(nfs),
    cloudSql: Object.entries(cloudSql).map(([name, endpoint]) =>
      'socket' in endpoint
        ? { name, source: endpoint.socket, ...checked(problemOf(() => realSocket(endpoint.socket))) }
        : { name, source: shownEndpoint(endpoint) },
    ),
  };
}

const mappingColumns: Column<Mapping>[] = [
  { header: 'NAME', value: ({ name, version }) => (version === undefined ? name : `${name}:${version}`) },
  { header: 'SOURCE', value: ({ source }) => source },
  {
    header: 'RESOLVES',
    value: ({ resolves, problem }) => (resolves === undefined ? 'not tried' : (problem ?? 'yes')),
  },
];

async function human({ file, settings, ...mappings }: Explanation, out: Output): Promise<string> {
  const columns: Column<Explanation['settings'][number]>[] = [
    { header: 'SETTING', value: ({ name }) => name },
    { header: 'VALUE', value: ({ value }) => String(value ?? '') },
    { header: 'SOURCE', value: ({ source }) => source },
  ];
  const head = `File: ${file ?? `none; there is no ${fileName} in this directory or above it`}\n\n`;
  const sections = await Promise.all(
    Object.entries(mappings)
      .filter(([, rows]) => rows.length > 0)
      .map(async ([title, rows]) => `\n${title}:\n${await boundedTable(mappingColumns, rows, out)}`),
  );
  return `${head}${await boundedTable(columns, settings, out)}${sections.join('')}`;
}

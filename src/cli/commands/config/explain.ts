import { fileName } from '../../../config.js';
import { type CommonOptions, defineCommand } from '../../command/command.js';
import { type Explanation, explanation, type Mapping } from '../../explanation.js';
import { declareLocalFlags, type LocalFlags } from '../../flags/local.js';
import { print } from '../../output/print.js';
import { plain } from '../../output/format/resource-kinds.js';
import { type Column, table } from '../../output/table.js';

export const explain = defineCommand<CommonOptions & LocalFlags>(
  'explain',
  'Show each setting and what has decided it, and whether what localrun.yaml maps is there.',
  (command) => declareLocalFlags(command),
  async (context, options) => {
    const found = explanation(context, options);
    await print(context, options, found, { kind: plain, human: () => human(found) });
  },
);

const mappingColumns: Column<Mapping>[] = [
  { header: 'NAME', value: ({ name, version }) => (version === undefined ? name : `${name}:${version}`) },
  { header: 'SOURCE', value: ({ source }) => source },
  {
    header: 'RESOLVES',
    value: ({ resolves, problem }) => (resolves === undefined ? 'not tried' : (problem ?? 'yes')),
  },
];

function human({ file, settings, ...mappings }: Explanation): string {
  const sections = Object.entries(mappings).flatMap(([title, rows]: [string, Mapping[]]) =>
    rows.length > 0 ? [`\n${title}:\n${table(mappingColumns, rows)}`] : [],
  );
  const columns: Column<Explanation['settings'][number]>[] = [
    { header: 'SETTING', value: ({ name }) => name },
    { header: 'VALUE', value: ({ value }) => String(value ?? '') },
    { header: 'SOURCE', value: ({ source }) => source },
  ];
  const head = `File: ${file ?? `none; there is no ${fileName} in this directory or above it`}\n\n`;
  return `${head}${table(columns, settings)}${sections.join('')}`;
}

/** The formats of `--format`, as help shows them. */
export const shownFormats: readonly string[] = [
  'json',
  'yaml',
  'value(KEY,...)',
  'csv(KEY,...)',
  'table(KEY,...)',
  'get(KEY,...)',
  'multi(KEY:format=FORMAT,...)',
  'list',
  'flattened',
  'config',
  'object',
  'none',
];

/** The formats of a command. */
export const formatsOf = ({ exportable = false }: { exportable?: boolean | undefined }): readonly string[] =>
  exportable ? [...shownFormats, 'export'] : shownFormats;

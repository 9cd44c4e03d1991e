/** A value in the form of Python's `str()`, which gcloud prints for anything that is not text. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : repr(value));

/** A value in the form of Python's `repr()`. */
export function repr(value: unknown): string {
  if (value === undefined || value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{${sortedEntries(value)
    .map(([name, part]) => `${quoted(name)}: ${repr(part)}`)
    .join(', ')}}`;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quoted(value: string): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const inner = value.replaceAll(/[\\\n\r\t]/g, (character) => escapes[character] ?? character);
  return quote + (quote === "'" ? inner.replaceAll("'", "\\'") : inner) + quote;
}

/** Whether a value is false in Python: null, zero or empty. */
export const empty = (value: unknown): boolean =>
  !value || (typeof value === 'object' && Object.keys(value).length === 0);

/** The fields of a map, sorted by name. */
export const sortedEntries = (map: object): [string, unknown][] =>
  Object.entries(map as Record<string, unknown>).toSorted(([a], [b]) => (a < b ? -1 : 1));

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Python's `str.format()` with `{}`, `{0}` and specifications such as `{0:>12}` and `{0:.2f}`, as far as they are
 * needed here.
 */
export function pythonFormat(pattern: string, values: readonly unknown[]): string {
  let next = 0;
  return pattern.replaceAll(/\{\{|\}\}|\{(\d*)(?::([^{}]*))?\}/g, (whole, index: string | undefined, spec = '') => {
    if (whole === '{{' || whole === '}}') return whole.slice(1);
    return specified(values[index ? Number(index) : next++], String(spec));
  });
}

function specified(value: unknown, spec: string): string {
  const [, fill = ' ', align, width = '0', precision, kind] =
    /^(?:(.)?([<>^]))?(\d*)(?:\.(\d+))?([sdf]?)$/.exec(spec) ?? [];
  let shown = text(value);
  if (kind === 'f') shown = Number(value).toFixed(Number(precision ?? 6));
  else if (precision !== undefined) shown = shown.slice(0, Number(precision));
  const blank = Math.max(0, Number(width) - shown.length);
  const left =
    { '<': 0, '^': Math.floor(blank / 2), '>': blank }[align ?? (typeof value === 'number' ? '>' : '<')] ?? 0;
  return fill.repeat(left) + shown + fill.repeat(blank - left);
}

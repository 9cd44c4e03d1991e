/** The path of a field in a resource: field names in lowerCamelCase, list indexes, map keys. */
export type FieldPath = readonly (string | number)[];

/**
 * `template.template.containers[0].env[1].name`. Keys that are not plain names are quoted. `names` replaces list
 * indexes, in order.
 */
export function formatPath(path: FieldPath, names: readonly (string | undefined)[] = []): string {
  let items = 0;
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${names[items++] ?? step}]`;
      if (!/^[A-Za-z_]\w*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return i === 0 ? step : `.${step}`;
    })
    .join('');
}

/**
 * The names of the list items that a path passes through in `root`, undefined for items without one; for `formatPath`.
 */
export function namesAlong(path: FieldPath, root: unknown): (string | undefined)[] {
  let value = root;
  return path.flatMap((step) => {
    value = (value as Record<string | number, unknown> | undefined)?.[step];
    if (typeof step !== 'number') return [];
    const name = (value as { name?: unknown } | undefined)?.name;
    return [typeof name === 'string' && name !== '' ? name : undefined];
  });
}

export const snakeCase = (camelCase: string): string => camelCase.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
export const camelCase = (snakeCase: string): string =>
  snakeCase.replaceAll(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());

/** A name in the form in which names are compared: people mix up capitals, underscores and dashes. */
export const folded = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');

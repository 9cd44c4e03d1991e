/** A place in a resource: field names in lowerCamelCase, list indexes, map keys. */
export type Path = readonly (string | number)[];

/** `template.template.containers[0].env[1].name`; keys that are no plain names are quoted. */
export function formatPath(path: Path): string {
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z_]\w*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return i === 0 ? step : `.${step}`;
    })
    .join('');
}

export const snakeCase = (camelCase: string): string => camelCase.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
export const camelCase = (snakeCase: string): string =>
  snakeCase.replaceAll(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());

/** A path with variables, as an annotation google.api.http writes it. */
export interface PathTemplate {
  /** A `*` matches any one segment. */
  segments: readonly string[];
  /** What follows a colon at the end; empty if there is none. */
  verb: string;
  /** The fields that segments give, `to` excluded. */
  variables: readonly { field: string; from: number; to: number }[];
}

/** @param text every `{field=segments}` in it takes whole segments */
export function pathTemplate(text: string): PathTemplate {
  const [, path = '', verb = ''] = /^\/(.*?)(?::([A-Za-z]+))?$/.exec(text) ?? [];
  const segments: string[] = [];
  const variables: { field: string; from: number; to: number }[] = [];
  for (const [, field, inner, plain] of path.matchAll(/\{([\w.]+)=([^}]*)\}|([^/{}]+)/g)) {
    const parts = (inner ?? plain ?? '').split('/');
    if (field !== undefined) variables.push({ field, from: segments.length, to: segments.length + parts.length });
    segments.push(...parts);
  }
  return { segments, verb, variables };
}

/** A path as a request has it, each segment decoded. */
export interface RequestPath {
  segments: readonly string[];
  verb: string;
}

/** Undefined if the path cannot be one of the API: escapes that are none, or a slash within a segment. */
export function requestPath(path: string): RequestPath | undefined {
  const segments: string[] = [];
  for (const raw of path.slice(1).split('/')) {
    const segment = raw.includes('%') ? decoded(raw) : raw;
    if (segment === undefined || segment.includes('/')) return undefined;
    segments.push(segment);
  }
  const last = segments.pop() ?? '';
  const colon = last.lastIndexOf(':');
  segments.push(colon < 0 ? last : last.slice(0, colon));
  return { segments, verb: colon < 0 ? '' : last.slice(colon + 1) };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The values of the template's variables; undefined if the path is another one. */
export function matched(
  template: PathTemplate,
  { segments, verb }: RequestPath,
): [field: string, value: string][] | undefined {
  if (template.verb !== verb || template.segments.length !== segments.length) return undefined;
  const same = template.segments.every((wanted, i) => (wanted === '*' ? segments[i] !== '' : wanted === segments[i]));
  if (!same) return undefined;
  return template.variables.map(({ field, from, to }) => [field, segments.slice(from, to).join('/')]);
}

import type { FieldPath } from '../field-path.js';

/** The next bracket or string. */
const token = /["{}[\]]/g;
const string = /"(?:[^"\\]|\\.)*"/sy;
const blank = /[\s,:]*/y;

/** From where to where the value at a path is in a JSON text; undefined if there is none. @param text valid JSON */
export function placeInJson(text: string, path: FieldPath): { start: number; end: number } | undefined {
  let at = skip(blank, text, 0);
  for (const step of path) {
    const isList = text[at] === '[';
    if (!isList && text[at] !== '{') return undefined;
    at = skip(blank, text, at + 1);
    for (let i = 0; ; i++) {
      if (at >= text.length || text[at] === ']' || text[at] === '}') return undefined;
      let key: unknown = i;
      if (!isList) {
        const end = skip(string, text, at);
        key = JSON.parse(text.slice(at, end));
        at = skip(blank, text, end);
      }
      if (key === step) break;
      at = skip(blank, text, endOfValue(text, at));
    }
  }
  return { start: at, end: endOfValue(text, at) };
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return skip(string, text, start);
  if (first !== '{' && first !== '[') return skip(/[^\s,\]}]*/y, text, start);
  let depth = 0;
  let at = start;
  do {
    token.lastIndex = at;
    const found = token.exec(text);
    if (!found) return text.length;
    if (found[0] === '"') at = skip(string, text, found.index);
    else {
      depth += found[0] === '{' || found[0] === '[' ? 1 : -1;
      at = found.index + 1;
    }
  } while (depth > 0);
  return at;
}

/**
 * Characters that a terminal acts on instead of showing them: control characters (C0 without tab and newline, DEL, C1),
 * and those that turn or break the text around them (bidirectional controls, line and paragraph separators). A carriage
 * return is harmless where a newline follows.
 */
const control = String.raw`\r(?!\n)|[\0-\b\v\f\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]`;

/** SGR, the one escape sequence that changes nothing but how text looks. */
const colour = String.raw`\x1b\[[\d;:]*m`;

const anyControl = new RegExp(control);
const anyOfThese = new RegExp(`${colour}|\n|${control}`, 'g');

/** Whether a text holds what `printable` would not let through as it is. */
export const hasControls = (text: string): boolean => anyControl.test(text);

/**
 * A text that any terminal can show: control characters as `\uXXXX`, as JSON and YAML write them between quotes. Colour
 * stays if `colored` says so, and ends with its line; without it, colour is left out.
 */
export function printable(text: string, colored: boolean): string {
  if (!anyControl.test(text)) return text;
  let open = false;
  const shown = text.replace(anyOfThese, (found) => {
    if (found === '\n') {
      const end = open ? '\u{1b}[0m\n' : '\n';
      open = false;
      return end;
    }
    if (found.length === 1) return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
    if (colored) open = !/\[0*m/.test(found);
    return colored ? found : '';
  });
  return open ? `${shown}\u{1b}[0m` : shown;
}

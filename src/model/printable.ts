/**
 * Characters that a terminal interprets instead of showing: control characters (C0 without tab and newline, DEL, C1),
 * and those that reorder or break the text around them (bidirectional controls, line and paragraph separators). A
 * carriage return before a newline is harmless.
 */
const control = String.raw`\r(?!\n)|[\0-\b\v\f\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]`;

/** SGR, the only escape sequence that changes nothing but the look of text. */
const colour = String.raw`\x1b\[[\d;:]*m`;

const anyControl = new RegExp(control);
const anyColour = new RegExp(colour, 'g');
const anyOfThese = new RegExp(`${colour}|\n|${control}`, 'g');

/** Whether `printable` would change a text. */
export const hasControls = (text: string): boolean => anyControl.test(text);

/**
 * A text that is safe to show on any terminal: control characters become `\uXXXX`, as in JSON and YAML strings. If
 * `colored`, colours stay and end with their line; otherwise they are removed.
 */
export function printable(text: string, colored: boolean): string {
  if (!anyControl.test(text)) return text;
  // Most of these are one line with nothing but colour, and there are many of them.
  if (colored && !text.includes('\n') && !anyControl.test(text.replaceAll(anyColour, ''))) {
    return /^.\[0*m/.test(text.slice(text.lastIndexOf('\u{1b}'))) ? text : `${text}\u{1b}[0m`;
  }
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

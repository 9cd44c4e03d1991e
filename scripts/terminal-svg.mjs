// @ts-check
// Pictures of a command on a terminal, for the documentation: runs it on a terminal of its own (with the `script` of
// util-linux) and writes what the terminal shows as NAME-light.svg and NAME-dark.svg. `localrun` is that of this
// repository.
//
//   node scripts/terminal-svg.mjs [options] NAME 'localrun jobs run examples/quickstart.yaml'
//
//   --columns N, --rows N   the size of the terminal (80 by 24); the picture ends with the last row that has text
//   --until REGEXP          the first screen with this text, such as one of the live view, and not the last screen
//   --from REGEXP           leaves out the rows before the first one with this text
//   --input FILE            draws these bytes, captured from a terminal, and runs nothing; the command is only shown
//   --no-prompt             leaves out the line with the command
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import xterm from '@xterm/headless';
import { execa } from 'execa';
import { giveUp, root } from './packages.mjs';

/** @typedef {{ background: string, text: string, colours: readonly string[] }} Theme */

/** The terminal's first 16 colours, in the order of their numbers, on GitHub's two backgrounds. @type {Theme} */
const light = {
  background: '#ffffff',
  text: '#1f2328',
  colours:
    '#24292f #cf222e #116329 #7d4e00 #0969da #8250df #1b7c83 #6e7781 #57606a #a40e26 #1a7f37 #633c01 #218bff #a475f9 #3192aa #8c959f'.split(
      ' ',
    ),
};
/** @type {Theme} */
const dark = {
  background: '#0d1117',
  text: '#e6edf3',
  colours:
    '#484f58 #ff7b72 #3fb950 #d29922 #58a6ff #bc8cff #39c5cf #b1bac4 #6e7681 #ffa198 #56d364 #e3b341 #79c0ff #d2a8ff #56d4dd #ffffff'.split(
      ' ',
    ),
};

/** The size of a cell, and the space around the text, in px. */
const cell = { width: 8.4, height: 19 };
const margin = 14;
const fonts = "ui-monospace, SFMono-Regular, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/** What ends a painting of the live view. */
const painted = '\u{1b}[?2026l';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    columns: { type: 'string', default: '80' },
    rows: { type: 'string', default: '24' },
    until: { type: 'string' },
    from: { type: 'string' },
    input: { type: 'string' },
    prompt: { type: 'boolean', default: true },
  },
});
const [name, command] = positionals;
if (name === undefined || command === undefined) giveUp("Usage: node scripts/terminal-svg.mjs NAME 'COMMAND'");
const columns = Number(values.columns);
const rows = Number(values.rows);

const terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 10_000, allowProposedApi: true });
const output = values.input === undefined ? await captured(command) : readFileSync(values.input, 'utf8');
if (values.prompt) await show(`\u{1b}[32m$\u{1b}[0m ${command}\r\n`);
await showUntil(output, values.until === undefined ? undefined : new RegExp(values.until));
for (const [theme, colours] of /** @type {const} */ ([
  ['light', light],
  ['dark', dark],
])) {
  writeFileSync(`${name}-${theme}.svg`, picture(colours));
}

/**
 * Everything that a terminal gets from a command.
 * @param {string} line
 */
async function captured(line) {
  const program = [process.execPath, path.join(root, 'bin', 'localrun.js')].map(quoted).join(' ');
  const script = `stty columns ${columns} rows ${rows}; localrun() { ${program} "$@"; }; ${line}`;
  const { CI: _, NO_COLOR: __, ...env } = process.env;
  const { stdout } = await execa('script', ['-qec', `bash -c ${quoted(script)}`, '/dev/null'], {
    ...{ env: { ...env, TERM: 'xterm-256color' }, extendEnv: false },
    ...{ reject: false, stripFinalNewline: false, stdin: 'ignore', stderr: 'inherit' },
  });
  return stdout;
}

/** @param {string} word */
function quoted(word) {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** @param {string} text */
function show(text) {
  return new Promise((resolve) => terminal.write(text, () => resolve(undefined)));
}

/**
 * Shows what was captured, painting by painting, as far as the first screen with a text.
 * @param {string} text
 * @param {RegExp | undefined} until
 */
async function showUntil(text, until) {
  for (const part of text.split(painted)) {
    await show(part + painted);
    if (until && lines().some((line) => until.test(line.translateToString(true)))) return;
  }
  if (until) giveUp(`No screen had ${until}.`);
}

/** The rows of the screen, as far as they are used. */
function lines() {
  const { active } = terminal.buffer;
  const all = Array.from({ length: rows }, (_, y) => active.getLine(active.baseY + y)).flatMap((line) => line ?? []);
  return all.slice(0, all.findLastIndex((line) => line.translateToString(true) !== '') + 1);
}

/** @param {Theme} theme */
function picture(theme) {
  const from = values.from === undefined ? undefined : new RegExp(values.from);
  const all = lines();
  const shown = all.slice(
    from
      ? Math.max(
          0,
          all.findIndex((line) => from.test(line.translateToString(true))),
        )
      : 0,
  );
  const width = Math.ceil(columns * cell.width) + 2 * margin;
  const height = shown.length * cell.height + 2 * margin;
  const body = shown.map((line, y) => row(line, y, theme)).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(command ?? '')}</title>
<rect width="100%" height="100%" rx="8" fill="${theme.background}"/>
<g font-family="${escaped(fonts)}" font-size="14" fill="${theme.text}">
${body}</g>
</svg>
`;
}

/**
 * @param {import('@xterm/headless').IBufferLine} line
 * @param {number} y
 * @param {Theme} theme
 */
function row(line, y, theme) {
  /** @type {{ x: number, cells: number, text: string, style: string, behind: string | undefined }[]} */
  const runs = [];
  for (let x = 0; x < columns; x++) {
    const at = line.getCell(x);
    if (!at || at.getWidth() === 0) continue;
    const style = styleOf(at, theme);
    const behind = at.isInverse() ? (foreground(at, theme) ?? theme.text) : background(at, theme);
    const last = runs.at(-1);
    const text = at.getChars() || ' ';
    if (last?.style === style && last.behind === behind) {
      last.text += text;
      last.cells += at.getWidth();
    } else runs.push({ x, cells: at.getWidth(), text, style, behind });
  }
  const top = margin + y * cell.height;
  const px = (/** @type {number} */ cells) => Number((cells * cell.width).toFixed(1));
  return runs
    .map(({ x, cells, text, style, behind }) => {
      const left = Number((margin + px(x)).toFixed(1));
      const box = behind
        ? `<rect x="${left}" y="${top}" width="${px(cells)}" height="${cell.height}" fill="${behind}"/>\n`
        : '';
      const seen = text.trim();
      if (seen === '') return box;
      const before = text.indexOf(seen);
      const length = px(cells - (text.length - seen.length));
      // Its length is given, so that columns are in line with any font. Viewers collapse spaces, but not these.
      return `${box}<text x="${Number((left + px(before)).toFixed(1))}" y="${top + 14}" textLength="${length}"${style}>${escaped(seen).replaceAll(' ', '\u{a0}')}</text>\n`;
    })
    .join('');
}

/**
 * @param {import('@xterm/headless').IBufferCell} at
 * @param {Theme} theme
 */
function styleOf(at, theme) {
  const fill = at.isInverse() ? (background(at, theme) ?? theme.background) : foreground(at, theme);
  return [
    fill === undefined ? '' : ` fill="${fill}"`,
    at.isBold() ? ' font-weight="bold"' : '',
    at.isDim() ? ' opacity="0.6"' : '',
    at.isItalic() ? ' font-style="italic"' : '',
    at.isUnderline() ? ' text-decoration="underline"' : '',
  ].join('');
}

/**
 * @param {import('@xterm/headless').IBufferCell} at
 * @param {Theme} theme
 */
function foreground(at, theme) {
  return at.isFgDefault() ? undefined : colour(at.getFgColor(), at.isFgRGB(), theme);
}

/**
 * @param {import('@xterm/headless').IBufferCell} at
 * @param {Theme} theme
 */
function background(at, theme) {
  return at.isBgDefault() ? undefined : colour(at.getBgColor(), at.isBgRGB(), theme);
}

/**
 * @param {number} number of the palette of 256 colours, or 24 bits
 * @param {boolean} rgb
 * @param {Theme} theme
 */
function colour(number, rgb, { colours }) {
  const hex = (/** @type {number} */ bits) => `#${bits.toString(16).padStart(6, '0')}`;
  if (rgb) return hex(number);
  if (number < 16) return colours[number];
  if (number >= 232) return hex((8 + 10 * (number - 232)) * 0x010101);
  const level = (/** @type {number} */ step) => (step === 0 ? 0 : 55 + 40 * step);
  const cube = number - 16;
  return hex((level(Math.floor(cube / 36)) << 16) | (level(Math.floor(cube / 6) % 6) << 8) | level(cube % 6));
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

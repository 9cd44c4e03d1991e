import { entryText, isAtLeast, type LogEntry, structuredLine } from '../../../model/log-entry.js';
import { seenAtLast } from '../../../model/log-lines.js';
import { printable } from '../../../model/printable.js';
import type { LineSource, TaskLine } from '../../../service/logs.js';
import type { Output } from '../../io.js';
import { signs } from '../symbols.js';
import { cut, oneLine, widthOf } from '../text-width.js';
import type { Saying } from './progress.js';
import { taskColour } from './task-colour.js';
import { wrap } from './wrap.js';

/** The least room for text beside the gutter, in columns; on a narrower terminal the gutter gets narrower. */
const leastText = 12;

/** The longest label of a container in the gutter. */
const longestLabel = 16;

/** Fields of structured lines that are shown: the most of them, and the longest. */
const shownFields = 10;
const longestField = 60;

/** What separates a task from its text: a line for its output, or a sign for what becomes of an attempt. */
export type Mark = 'stdout' | 'stderr' | 'failed' | 'retry' | 'stopping';

/** What goes before the rows of a text on a terminal, and how wide the rows may be. */
interface Gutter {
  columns: number;
  first: string;
  others: string;
  room: number;
}

/**
 * What the tasks write, on a terminal: behind a gutter with the task, which goes on where a line is too long for the
 * terminal. A structured line is shown as `logs read` shows it, by its message, with its severity and its other fields.
 */
export class TaskLines {
  readonly #err: Output;
  readonly #digits: number;
  readonly #labelWidth: number;
  readonly #gutters = new WeakMap<LineSource, Gutter>();

  /**
   * @param lastIndex the highest index of a task
   * @param sidecars the labels of the containers other than the main one
   */
  constructor(err: Output, lastIndex: number, sidecars: readonly string[]) {
    this.#err = err;
    this.#digits = String(lastIndex).length;
    this.#labelWidth = Math.min(longestLabel, Math.max(0, ...sidecars.map((label) => widthOf(oneLine(label)))));
  }

  /** The rows of a line, and what is to be remembered of it. */
  rows({ source, text }: TaskLine): { rows: string[]; saying: Saying } {
    const { stream, container } = source;
    const seen = seenAtLast(text);
    const entry = structuredLine(seen);
    const said = entry ? entryText(entry) : seen;
    let gutter = this.#gutters.get(source);
    if (gutter?.columns !== this.#err.columns) {
      gutter = this.#gutter(source, stream);
      this.#gutters.set(source, gutter);
    }
    const saying = { text: said, severity: entry?.severity, stream, container };
    return { rows: this.#behind(gutter, entry ? this.#structured(entry, said) : this.#printable(said)), saying };
  }

  /** What becomes of an attempt, in rows behind the gutter of its task. */
  remark(task: number, mark: Mark, text: string): string[] {
    return this.#behind(this.#gutter({ task, container: undefined }, mark), this.#printable(text));
  }

  #printable(text: string): string {
    return printable(text, this.#err.chalk.level > 0);
  }

  /** @param text printable */
  #behind({ first, others, room }: Gutter, text: string): string[] {
    const rows = text.includes('\n') ? text.split(/\r?\n/).flatMap((line) => wrap(line, room)) : wrap(text, room);
    return rows.map((row, i) => (i === 0 ? first : others) + row);
  }

  #gutter({ task, container }: Pick<LineSource, 'task' | 'container'>, mark: Mark): Gutter {
    const { columns, chalk } = this.#err;
    const { bar, failed, retry } = signs(this.#err);
    const most = Math.max(1, columns - 1);
    // Without the labels, and then without all of it, on a terminal that is too narrow.
    const label = 1 + this.#labelWidth;
    const labelled = this.#labelWidth > 0 && most - this.#digits - label - 3 >= leastText;
    const width = this.#digits + (labelled ? label : 0) + 3;
    if (most - width < leastText) return { columns, first: '', others: '', room: most };
    const stroke = mark === 'stderr' ? chalk.red(bar) : chalk.dim(bar);
    const ending = { failed: chalk.red(failed), retry: chalk.yellow(retry), stopping: chalk.yellow('!') };
    const sign = mark === 'stdout' || mark === 'stderr' ? stroke : ending[mark];
    const name = String(task).padStart(this.#digits) + (labelled ? ` ${this.#padded(container)}` : '');
    return {
      columns,
      first: `${taskColour(task, this.#err)(name)} ${sign} `,
      others: `${' '.repeat(width - 3)} ${stroke} `,
      room: most - width,
    };
  }

  #padded(container = ''): string {
    const label = cut(oneLine(container), this.#labelWidth, this.#err);
    return label + ' '.repeat(Math.max(0, this.#labelWidth - widthOf(label)));
  }

  /** The severity, unless it is an ordinary one, the message, and the fields beside it that are short. */
  #structured({ severity, jsonPayload = {}, textPayload }: Partial<LogEntry>, said: string): string {
    const { chalk } = this.#err;
    const alarming = severity === 'WARNING' ? chalk.yellow : isAtLeast({ severity }, 'ERROR') ? chalk.red : chalk.dim;
    const before = severity === undefined || severity === 'INFO' ? '' : `${alarming(severity)} `;
    const words = before + this.#printable(said);
    if (textPayload !== undefined || typeof jsonPayload['message'] !== 'string') return words;
    const fields = Object.entries(jsonPayload)
      .filter(([key, value]) => key !== 'message' && (typeof value !== 'object' || value === null))
      .map(([key, value]) => `${key}=${String(value)}`)
      .filter((field) => field.length <= longestField && !/[\r\n]/.test(field));
    if (fields.length === 0) return words;
    return `${words}  ${chalk.dim(printable(fields.slice(0, shownFields).join(' '), false))}`;
  }
}

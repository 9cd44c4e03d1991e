import { stripVTControlCharacters } from 'node:util';
import { formatTimeout } from '../../../model/time.js';
import { type Look, signs } from '../symbols.js';
import { cut, oneLine, widthOf } from '../text-width.js';
import type { Attempt, Failures, Progress, Standing } from './progress.js';
import { taskColour } from './task-colour.js';

/** The time between two frames, in ms. */
export const frameInterval = 200;

/** The size of the terminal, in columns and rows, and the time, in ms since 1970. */
export interface Screen {
  width: number;
  height: number;
  now: number;
}

/** From this many tasks on, there is a sign for each. */
const manyTasks = 100;

/** From this part of its timeout on, a task is late. */
const late = 0.8;

/** After this long, in ms, a start takes long. */
const longStart = 3000;

/** Columns before each row, and between its pieces. */
const indent = 2;
const gap = 2;

/** The least rows with a rule above them. */
const leastWithRule = 8;

const narrowestBar = 8;
const widestBar = 40;

/** What to expect of count, time and time left: `1234/10000  1h05m  ~1h10m left`. */
const widestTimes = 32;

/** The most reasons of failures to show, and the tasks of each. */
const shownReasons = 3;
const shownTasks = 3;

/** Text for a row, and how wide it is: colours have no width. */
interface Piece {
  text: string;
  width: number;
}

/**
 * The rows below the log lines: narrower than the terminal, and at most two fifths of its height. The time that they take
 * is bounded: it depends on the size of the terminal, and a little on the number of tasks, each of which is looked at.
 */
export function panel(progress: Progress, screen: Screen, look: Look): string[] {
  const room = Math.max(0, screen.width - 1 - indent);
  const most = Math.max(3, Math.floor(screen.height * 0.4));
  const { failures, taskCount } = progress;
  const rows = [
    ...(most >= leastWithRule ? [look.chalk.dim(signs(look).unfilled.repeat(screen.width - 1))] : []),
    ...heading(progress, screen.now, room, look),
    ...notices(progress, screen.now, room, look),
  ];
  if (taskCount === 1) return rows.slice(0, most);
  const least = progress.running + progress.starting > 0 ? 1 : 0;
  const left = (): number => Math.max(0, most - rows.length);
  if (taskCount >= manyTasks) {
    rows.push(...taskStrip(progress, room, left() - least - (failures.length > 0 ? 1 : 0), look));
  }
  rows.push(...failureRows(failures.slice(0, Math.min(shownReasons, left() - least)), room, look));
  rows.push(...attemptGrid(progress, screen.now, room, left(), look));
  return rows.slice(0, most);
}

/** The execution, how far it is, and how long that has taken and will take; then what its tasks do. */
function heading(progress: Progress, now: number, room: number, look: Look): string[] {
  const { chalk } = look;
  const { id, taskCount, succeeded, failed, cancelled } = progress;
  const { spinner } = signs(look);
  const moving = chalk.cyan(spinner[Math.floor(now / frameInterval) % spinner.length]);
  const first = (pieces: readonly Piece[]): string => `${moving} ${joined(pieces, room, look)}`.trimEnd();
  const elapsed = plain(clock(now - progress.since));
  const name: Piece = { text: chalk.bold(id), width: id.length };
  const done = succeeded + failed + cancelled;
  const begun = done > 0 || progress.slots.length > 0;
  if (!begun) return [first([name, elapsed])];
  if (taskCount === 1) return [first([name, ...alone(progress, now, look)])];
  const remaining = progress.remaining(now) ?? 0;
  const times = [
    plain(`${done}/${taskCount}`),
    elapsed,
    ...(remaining >= 1000 ? [dimmed(`${about(remaining)} left`, look)] : []),
  ];
  const bar = (width: number): Piece => progressBar(progress, Math.min(widestBar, width), look);
  const free = room - widthOfAll([name, ...times]) - gap;
  // Whether the counts have room beside that must not change with them.
  const beside = room - id.length - widestTimes - widestCounts(taskCount, 'all') - 3 * gap;
  if (beside >= widestBar / 2) {
    const counts = countPieces(progress, 'all', look);
    return [first([name, bar(free - gap - widthOfAll(counts)), ...times, ...counts])];
  }
  const words = (['all', 'some'] as const).find((some) => widestCounts(taskCount, some) <= room) ?? 'none';
  const second = below(joined(countPieces(progress, words, look), room, look));
  if (free >= narrowestBar) return [first([name, bar(free), ...times]), second];
  return [first(free + gap >= 0 ? [name, ...times] : times), second];
}

/** What the only task does. */
function alone(progress: Progress, now: number, look: Look): Piece[] {
  const attempt = progress.slots.find((slot) => slot !== undefined);
  if (!attempt)
    return [
      plain(progress.complete ? 'cleaning up' : progress.pending > 0 ? 'waiting' : 'ending'),
      plain(clock(now - progress.since)),
    ];
  const { started, stopping, node } = attempt;
  return [
    plain(started === undefined ? 'starting' : stopping ? 'stopping' : 'running'),
    ...(node === undefined ? [] : [plain(`on ${oneLine(node)}`)]),
    ...(attempt.attempt > 0 ? [plain(`attempt ${attempt.attempt + 1} of ${progress.maxRetries + 1}`)] : []),
    started === undefined ? plain(clock(now - attempt.began)) : timePiece(progress, started, now, look),
  ];
}

/** How many counts have a word behind them: `some` leaves it out where the sign is clear. */
type Words = 'all' | 'some' | 'none';

/** The widest that `countPieces` becomes, unless tasks were cancelled. */
function widestCounts(taskCount: number, words: Words): number {
  const parts = ['failed', 'retries', 'running', 'starting', 'waiting', 'ok'];
  const clear = words === 'all' ? '' : 'ok failed';
  const digits = String(taskCount).length;
  const width = (word: string): number => 2 + digits + (clear.includes(word) ? 0 : 1 + word.length);
  return parts.reduce((sum, word) => sum + width(word), gap * (parts.length - 1));
}

function countPieces(progress: Progress, words: Words, look: Look): Piece[] {
  const { chalk } = look;
  const sign = signs(look);
  const { succeeded, failed, cancelled, retries, running, starting, pending, cancelling } = progress;
  const piece = (
    mark: string,
    colour: (text: string) => string,
    count: number,
    word: string,
    clear = false,
  ): Piece[] => {
    if (count === 0) return [];
    const text = words === 'none' || (clear && words === 'some') ? `${count}` : `${count} ${word}`;
    return [{ text: `${colour(mark)} ${text}`, width: 2 + text.length }];
  };
  const pieces = [
    ...piece(sign.succeeded, chalk.green, succeeded, 'ok', true),
    ...piece(sign.failed, chalk.red, failed, 'failed', true),
    ...piece('!', chalk.yellow, cancelled, 'cancelled'),
    ...piece(sign.retry, chalk.yellow, retries, retries === 1 ? 'retry' : 'retries'),
    ...piece(sign.running, chalk.cyan, running, 'running'),
    ...piece(sign.starting, chalk.cyan, starting, 'starting'),
    ...piece(sign.waiting, chalk.dim, cancelling ? 0 : pending, 'waiting'),
  ];
  return progress.complete ? [...pieces, plain('cleaning up')] : pieces;
}

function progressBar({ taskCount, succeeded, failed, cancelled }: Progress, width: number, look: Look): Piece {
  const { chalk } = look;
  const { filled, unfilled } = signs(look);
  const cells = (count: number): number => (count === 0 ? 0 : Math.max(1, Math.floor((width * count) / taskCount)));
  const bad = Math.min(width, cells(failed));
  const stopped = Math.min(width - bad, cells(cancelled));
  const complete = succeeded + failed + cancelled >= taskCount;
  const good = complete && succeeded > 0 ? width - bad - stopped : Math.min(width - bad - stopped, cells(succeeded));
  const rest = width - good - bad - stopped;
  const text = [
    chalk.green(filled.repeat(good)),
    chalk.yellow(filled.repeat(stopped)),
    chalk.red(filled.repeat(bad)),
    chalk.dim(unfilled.repeat(rest)),
  ];
  return { text: text.join(''), width };
}

/** What all tasks wait for. */
function notices({ waiting, cancelling, slow, slots }: Progress, now: number, room: number, look: Look): string[] {
  const row = (text: string): string => cut(oneLine(text), room, look);
  const words = waiting === undefined ? [] : [row(waiting)];
  const warnings = [
    ...(cancelling ? ['cancelling'] : []),
    ...(slow ? [`the ${slow.noun} is slow: ${slow.call}  ${clock(now - slow.since)}`] : []),
    ...waits(slots).map(({ who, why, since }) => `${who} waiting  ${clock(now - since)}  ${why}`),
  ];
  return [...words, ...warnings.map((text) => look.chalk.yellow(row(text)))].map(below);
}

/** The most reasons to wait that are shown. */
const shownWaits = 3;

/** Attempts that wait for the same are one, and wait as long as the first of them. */
function waits(slots: Progress['slots']): { who: string; why: string; since: number }[] {
  const reasons = new Map<string, { tasks: number[]; since: number }>();
  for (const slot of slots) {
    if (!slot?.wait) continue;
    const { why, since } = slot.wait;
    const same = reasons.get(why);
    if (same) {
      same.tasks.push(slot.task);
      same.since = Math.min(same.since, since);
    } else if (reasons.size < shownWaits) reasons.set(why, { tasks: [slot.task], since });
  }
  return [...reasons].map(([why, { tasks, since }]) => ({
    who: tasks.length === 1 ? `task ${tasks[0]}` : `${tasks.length} tasks`,
    ...{ why, since },
  }));
}

function failureRows(failures: readonly Failures[], room: number, look: Look): string[] {
  return failures.map(({ reason, count, tasks }) => {
    const last = tasks.slice(-shownTasks).toSorted((a, b) => a - b);
    const who = `${signs(look).failed} ${last.join(' ')}${count > last.length ? ` +${count - last.length}` : ''}`;
    const words = cut(oneLine(reason), Math.max(0, room - who.length - gap), look);
    return below(joined([{ text: look.chalk.red(who), width: who.length }, plain(words)], room, look));
  });
}

/** How many tasks a sign of the strip may stand for, and the most rows of such a strip. */
const scales = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
const coarseRows = 4;

/**
 * A sign for each task, in rows that begin with the index of their first; where there is no room for that, a sign for
 * several tasks.
 */
function taskStrip(progress: Progress, room: number, most: number, look: Look): string[] {
  const { standings, taskCount } = progress;
  const label = String(progress.indexOf(taskCount - 1)).length;
  const free = room - label - 1;
  if (free < 1) return [];
  const perRow = free >= 10 ? free - (free % 10) : free;
  const fits = (tasks: number): boolean =>
    Math.ceil(taskCount / tasks / perRow) <= (tasks === 1 ? most : Math.min(most, coarseRows));
  const scale = scales.find(fits) ?? taskCount;
  const rows: string[] = [];
  for (let first = 0; first < taskCount && rows.length < most; first += perRow * scale) {
    const end = Math.min(taskCount, first + perRow * scale);
    let row = '';
    let run = '';
    let colour: Colour | undefined;
    for (let from = first; from < end; from += scale) {
      const [sign, its] = stripSign(standings, from, Math.min(end, from + scale), look);
      if (its !== colour) {
        row += painted(run, colour, look);
        run = '';
        colour = its;
      }
      run += sign;
    }
    const index = String(progress.indexOf(first)).padStart(label);
    rows.push(below(`${look.chalk.dim(index)} ${row}${painted(run, colour, look)}`));
  }
  return rows;
}

type Colour = 'green' | 'red' | 'yellow' | 'cyan' | 'dim';

const painted = (text: string, colour: Colour | undefined, { chalk }: Look): string =>
  text === '' || colour === undefined ? text : chalk[colour](text);

/** Of several tasks, the sign is of what is to be seen first: a failure, then what happens now. */
function stripSign(
  standings: readonly Standing[],
  from: number,
  end: number,
  look: Look,
): [sign: string, colour: Colour] {
  const sign = signs(look);
  let [ended, running, starting, cancelled] = [0, 0, 0, 0];
  for (let position = from; position < end; position++) {
    switch (standings[position]) {
      case 'failed':
        return [sign.failed, 'red'];
      case 'succeeded':
        ended++;
        break;
      case 'running':
        running++;
        break;
      case 'starting':
        starting++;
        break;
      case 'cancelled':
        cancelled++;
        break;
      default:
    }
  }
  if (running > 0) return [sign.running, 'cyan'];
  if (starting > 0) return [sign.starting, 'cyan'];
  if (cancelled > 0) return ['!', 'yellow'];
  if (ended === 0) return [sign.waiting, 'dim'];
  return [ended === end - from ? sign.done : sign.partlyDone, 'green'];
}

/** The attempts that have a slot, in columns, each in its place; those that have no room are counted. */
function attemptGrid(progress: Progress, now: number, room: number, most: number, look: Look): string[] {
  const places = placesOf(progress);
  const cells = cellsOf(progress, now, look);
  const perRow = Math.max(1, Math.floor((room + gap) / (cells.width + gap)));
  const end = places.length > most * perRow ? Math.max(0, most * perRow - 1) : places.length;
  const hidden = places.slice(end).filter((place) => place !== undefined).length;
  const shown = places.slice(0, end).map((place) => (place ? cells.piece(place) : plain(' '.repeat(cells.width))));
  if (hidden > 0) shown.push(dimmed(`+${hidden} more`, look));
  return Array.from({ length: Math.min(most, Math.ceil(shown.length / perRow)) }, (_, row) =>
    below(joined(shown.slice(row * perRow, (row + 1) * perRow), room, look)),
  );
}

/** The slots. A free one stays in its place while there are tasks to take it. */
function placesOf({ slots, pending, cancelling }: Progress): readonly (Attempt | undefined)[] {
  if (pending === 0 || cancelling) return slots.filter((slot) => slot !== undefined);
  return slots.slice(0, slots.findLastIndex((slot) => slot !== undefined) + 1);
}

/** The widest that the name of a node may be. */
const widestNode = 16;

/** Makes a cell for an attempt, each as wide as the others: its task, its node, its time, and which retry it is. */
function cellsOf(progress: Progress, now: number, look: Look): { width: number; piece: (attempt: Attempt) => Piece } {
  const { chalk } = look;
  const sign = signs(look);
  const { slots, maxRetries, timeout, taskCount } = progress;
  const digits = String(progress.indexOf(taskCount - 1)).length;
  const longest = slots.reduce((most, slot) => Math.max(most, slot?.node?.length ?? 0), 0);
  const node = longest === 0 ? 0 : 1 + Math.min(widestNode, longest);
  const time = Math.max('starting'.length, clockWidth(timeout) + 1 + limit(timeout).length);
  const tries = maxRetries === 0 ? 0 : 2 + String(maxRetries).length;
  const piece = (attempt: Attempt): Piece => {
    const mark = (attempt.stopping ? chalk.red : chalk.cyan)(
      attempt.started === undefined ? sign.starting : sign.running,
    );
    const index = String(attempt.task).padStart(digits);
    const place = node === 0 ? '' : ` ${cut(oneLine(attempt.node ?? ''), node - 1, look)}`;
    const state = stateOf(progress, attempt, now, look);
    const retry = attempt.attempt > 0 ? ` ${sign.retry}${attempt.attempt}` : '';
    const text = [
      `${mark} ${taskColour(attempt.task, look)(index)}`,
      place + ' '.repeat(Math.max(0, node - widthOf(place))),
      ' '.repeat(1 + Math.max(0, time - state.width)) + state.text,
      chalk.yellow(retry) + ' '.repeat(Math.max(0, tries - retry.length)),
    ];
    const itsWidth = 2 + index.length + node + 1 + Math.max(time, state.width) + Math.max(tries, retry.length);
    return { text: text.join(''), width: itsWidth };
  };
  const width = 2 + digits + node + 1 + time + tries;
  return { width, piece };
}

/** What an attempt does: its time against its timeout, once it runs. */
function stateOf(progress: Progress, { began, started, stopping }: Attempt, now: number, look: Look): Piece {
  if (stopping) return { text: look.chalk.red('stopping'), width: 'stopping'.length };
  if (started !== undefined) return timePiece(progress, started, now, look);
  if (now - began < longStart) return dimmed('starting', look);
  const text = clock(now - began);
  return { text: look.chalk.yellow(text), width: text.length };
}

function timePiece({ timeout }: Progress, started: number, now: number, { chalk }: Look): Piece {
  const text = `${clock(now - started)}/${limit(timeout)}`;
  return { text: now - started >= late * timeout ? chalk.yellow(text) : text, width: text.length };
}

/** A timeout: `10m`. */
const limit = (timeout: number): string => formatTimeout(timeout / 1000);

const plain = (text: string): Piece => ({ text, width: widthOf(text) });
const dimmed = (text: string, { chalk }: Look): Piece => ({ text: chalk.dim(text), width: widthOf(text) });

/** A row below the first one, whose spinner takes the margin. */
const below = (body: string): string => `${' '.repeat(indent)}${body}`.trimEnd();

/** The width of pieces with the gaps between them. */
const widthOfAll = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, { width }) => sum + width, 0) + gap * Math.max(0, pieces.length - 1);

/** As many pieces as have room, with gaps between them; of the first as much as has room, without its colours. */
function joined(pieces: readonly Piece[], room: number, look: Pick<Look, 'unicode'>): string {
  const [first] = pieces;
  if (first && first.width > room) return cut(stripVTControlCharacters(first.text), room, look);
  const fitting = pieces.filter((_, i) => widthOfAll(pieces.slice(0, i + 1)) <= room);
  return fitting.map(({ text }) => text).join(' '.repeat(gap));
}

/** Time that has passed: `42s`, `1m05s`, `2h07m`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (part: number): string => String(part % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds}s`;
  return minutes < 60 ? `${minutes}m${two(seconds)}s` : `${Math.floor(minutes / 60)}h${two(minutes)}m`;
}

/** The widest that `clock` becomes within a timeout. */
const clockWidth = (timeout: number): number => (timeout <= 60_000 ? 3 : 6);

/** A rough time, in steps that grow with it, so that it does not change all the time: `~45s`, `~7m`. */
export function about(ms: number): string {
  const seconds = ms / 1000;
  const step = seconds < 10 ? 1 : seconds < 60 ? 5 : seconds < 600 ? 10 : seconds < 3600 ? 60 : 300;
  const text = clock(Math.ceil(seconds / step) * step * 1000);
  return `~${text.replace(/m00s$/, 'm')}`;
}

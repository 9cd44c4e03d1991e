import { stripVTControlCharacters } from 'node:util';
import type { BuildFailure, BuildLine } from '../image-builder.js';

/** The most lines of a step to keep. */
const most = 10_000;

/** A step of a Dockerfile. */
interface Step {
  /** 2/3 */
  place: string;
  instruction: string;
  cached: boolean;
  failed: boolean;
  output: string[];
}

/** How the builders print a step: docker without BuildKit, BuildKit without a terminal, podman. */
const announcements = [
  /^Step (?<place>\d+\/\d+) : (?<instruction>.*)$/,
  /^#(?<id>\d+) \[(?:[^\]]* )?(?<place>\d+\/\d+)\] (?<instruction>.*)$/,
  /^(?:\[(?<stage>\d+\/\d+)\] )?STEP (?<place>\d+\/\d+): (?<instruction>.*)$/,
];
const cacheHit = /^(?: ---> |--> )Using cache\b/;

/** What the docker client prints about itself before each build without BuildKit. */
const advertisement = /^(?:DEPRECATED: The legacy builder | {12}(?:Install the buildx|https:\/\/docs\.docker))/;

/** What ends a build's output without being the reason why it failed. */
const epilogue = /^(?:-+|\s*\d+ \|.*|View build details: .*|Dockerfile:\d+|.*\blevel=warning\b.*)$/;

/** Understands the output of builds, line by line, from stdout and stderr in the order of their arrival. */
export class BuildOutput {
  readonly #steps = new Map<string, Step>();
  #current: Step | undefined;
  /** What belongs to no step. */
  readonly #beside: string[] = [];
  #last = '';

  /** The line without control characters; undefined for one that says nothing. */
  add(raw: string): BuildLine | undefined {
    const line = stripVTControlCharacters(raw);
    if (advertisement.test(line) || line.trim() === '') return undefined;
    if (!epilogue.test(line)) this.#last = line;
    const {
      place = '',
      instruction = '',
      // Podman counts the steps of each stage from 1.
      stage = '',
      id = `${stage} ${place}`,
    } = announcements.map((form) => form.exec(line)?.groups).find(Boolean) ?? {};
    if (place) {
      this.#current = this.#steps.get(id) ?? { place, instruction, cached: false, failed: false, output: [] };
      this.#steps.set(id, this.#current);
    } else {
      this.#addTo(line);
    }
    return { text: line, step: this.#current && titleOf(this.#current) };
  }

  #addTo(line: string): void {
    const [, id, text = line] = /^#(\d+) (?:\d+\.\d+ )?(.*)$/.exec(line) ?? [];
    // BuildKit runs steps at the same time, and says with each line which it is about.
    const step = id === undefined ? this.#current : this.#steps.get(id);
    if (id !== undefined) this.#current = step;
    if (step && ((id !== undefined && text === 'CACHED') || cacheHit.test(line))) step.cached = true;
    if (step && id !== undefined && text.startsWith('ERROR: ')) step.failed = true;
    const output = step?.output ?? this.#beside;
    output.push(text);
    if (output.length > most) output.shift();
  }

  /** The steps that can come from the cache, which FROM cannot, and those that did. */
  count(): { steps: number; cached: number } {
    const steps = [...this.#steps.values()].filter(({ instruction }) => !/^FROM\b/i.test(instruction));
    return { steps: steps.length, cached: steps.filter(({ cached }) => cached).length };
  }

  /** Why the build has failed, if it has. */
  failure(): BuildFailure {
    const said = this.#last
      .trim()
      .replace(/^(?:#\d+ )?(?:ERROR|Error): (?:failed to build: )?/, '')
      .replace(/^Error response from daemon: |^failed to solve(?: with frontend \S+)?: /i, '');
    const reason = said || 'the builder gives no reason';
    const inBuildKit = [...this.#steps.keys()].some((id) => !id.includes('/'));
    const step = [...this.#steps.values()].find(({ failed }) => failed) ?? (inBuildKit ? undefined : this.#current);
    if (!step) return { reason, output: this.#beside };
    return { reason, step: titleOf(step), instruction: step.instruction, output: step.output };
  }
}

const titleOf = ({ place, instruction }: Step): string => `${place}: ${instruction}`;

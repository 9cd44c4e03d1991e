import { ownProperty } from './own-property.js';
import { Scanner } from './scanner.js';

type Labels = Readonly<Record<string, string>>;

/** Which resources to select by their labels. */
export interface LabelSelector {
  holds: (labels: Labels) => boolean;
  /** The values that a label must have one of; undefined if it may have others, or none. */
  valuesOf: (key: string) => readonly string[] | undefined;
}

interface Requirement {
  key: string;
  holds: (value: string | undefined) => boolean;
  oneOf?: readonly string[];
}

/**
 * Reads a selector as Kubernetes and the v1 API write it: `a = b, c != d, e in (f, g), h notin (i), j, !k`. Every
 * requirement must hold; none holds for everything.
 * @param subject the name of the text in messages
 * @throws StatusError INVALID_ARGUMENT
 */
export function parseLabelSelector(text: string, subject: string): LabelSelector {
  const requirements = new SelectorParser(text, subject).whole();
  return {
    holds: (labels) => requirements.every(({ key, holds }) => holds(ownProperty(labels, key))),
    valuesOf(key) {
      const lists = requirements.flatMap(({ key: of, oneOf }) => (of === key && oneOf ? [oneOf] : []));
      const [first, ...others] = lists;
      return first?.filter((value) => others.every((values) => values.includes(value)));
    },
  };
}

class SelectorParser extends Scanner {
  whole(): Requirement[] {
    const requirements: Requirement[] = [];
    while (!this.done) {
      requirements.push(this.#requirement());
      if (!this.done) this.expect(',');
    }
    return requirements;
  }

  #requirement(): Requirement {
    if (this.take('!')) {
      this.space();
      return { key: this.#key(), holds: (value) => value === undefined };
    }
    const key = this.#key();
    this.space();
    const operator = this.match(/==|!=|=|in(?=[\s(])|notin(?=[\s(])/);
    if (operator === undefined) return { key, holds: (value) => value !== undefined };
    this.space();
    const values = operator.endsWith('in') ? this.#values() : [this.#value()];
    const holds = (value: string | undefined): boolean => value !== undefined && values.includes(value);
    return operator === '!=' || operator === 'notin'
      ? { key, holds: (value) => !holds(value) }
      : { key, holds, oneOf: values };
  }

  #key(): string {
    const key = this.match(/[A-Za-z0-9][-A-Za-z0-9_./]*/);
    if (key === undefined) throw this.wrong('expected a label');
    return key;
  }

  /** It may be empty. */
  #value(): string {
    return this.match(/[-A-Za-z0-9_.]*/) ?? '';
  }

  #values(): string[] {
    this.expect('(');
    const values: string[] = [];
    do {
      this.space();
      values.push(this.#value());
      this.space();
    } while (this.take(','));
    this.expect(')');
    return values;
  }
}

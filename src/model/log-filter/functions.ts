import { BlockList, isIPv6 } from 'node:net';
import { ownProperty } from '../own-property.js';
import { fieldOf, isMap, type Literal, type Test, valuesAt, type Wrong } from './fields.js';

/** An argument of a function: a field or a text. */
export interface Argument {
  literal: Literal;
  path: readonly string[];
}

interface Function {
  usage: string;
  make: (args: readonly Argument[], wrong: Wrong) => Test | undefined;
}

const functions: Readonly<Record<string, Function | undefined>> = {
  log_id: {
    usage: 'log_id("run.googleapis.com/stdout")',
    make: ([of]) => {
      const log = `/logs/${encodeURIComponent(of?.literal.text ?? '')}`;
      return of && (({ logName }) => logName.endsWith(log));
    },
  },
  search: {
    usage: 'SEARCH("words") or SEARCH(textPayload, "words")',
    make: ([first, second], wrong) => {
      const query = second ?? first;
      const path = second && first && fieldOf(first.path, wrong);
      if (!query) return undefined;
      const phrases = query.literal.text.match(/`[^`]*`|[^`\s]+/g) ?? [];
      const wanted = phrases.map(words).filter((phrase) => phrase !== ' ');
      return (entry) => {
        const texts = (path ? valuesAt(entry, path) : [entry]).flatMap(textsIn).map(words);
        return wanted.every((phrase) => texts.some((text) => text.includes(phrase)));
      };
    },
  },
  ip_in_net: {
    usage: 'ip_in_net(httpRequest.remoteIp, "10.0.0.0/8")',
    make: ([field, net], wrong) => {
      const [, address = '', bits = ''] = /^([\d.]+|[\da-f:.]+)\/(\d+)$/i.exec(net?.literal.text ?? '') ?? [];
      if (!field || !address) return undefined;
      const path = fieldOf(field.path, wrong);
      const list = new BlockList();
      list.addSubnet(address, Number(bits), familyOf(address));
      return (entry) =>
        valuesAt(entry, path).some((value) => typeof value === 'string' && list.check(value, familyOf(value)));
    },
  },
  sample: {
    usage: 'sample(insertId, 0.25)',
    make: ([field, part], wrong) => {
      const share = Number(part?.literal.text);
      if (!field || !(share >= 0 && share <= 1)) return undefined;
      const path = fieldOf(field.path, wrong);
      return (entry) => valuesAt(entry, path).some((value) => fraction(String(value)) < share);
    },
  },
};

/** The result of a function of the query language for an entry. @throws StatusError INVALID_ARGUMENT */
export function call(name: string, args: readonly Argument[], wrong: Wrong): Test {
  const of = ownProperty(functions, name.toLowerCase());
  if (!of) {
    const known = Object.values(functions).map((each) => each?.usage);
    throw wrong(`there is no function ${name}()`, `the functions are ${known.join('; ')}`);
  }
  const test = of.make(args, wrong);
  if (!test) throw wrong(`${name}() has wrong arguments`, `write it as: ${of.usage}`);
  return test;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** The words of a text, with a blank before and after each. */
const words = (text: string): string => ` ${(text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []).join(' ')} `;

function textsIn(value: unknown): string[] {
  if (isMap(value)) return Object.values(value).flatMap(textsIn);
  return value === undefined ? [] : [typeof value === 'string' ? value : JSON.stringify(value)];
}

/** A number from 0 to 1 that is always the same for a text, and evenly distributed over texts (FNV-1a). */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonSource } from '../../../src/model/spec/json-source.js';

type Node = JsonSource['root'];

/** The value of a part of a document, as JSON.parse would have it. */
function valueOf(source: JsonSource, node: Node): unknown {
  switch (source.kind(node)) {
    case 'map':
      return Object.fromEntries(source.entries(node).map(({ key, value }) => [key, valueOf(source, value)]));
    case 'list':
      return source.items(node)?.map((item) => valueOf(source, item));
    case 'scalar':
      return source.scalar(node)?.value;
  }
}

function read(text: string): unknown {
  const source = new JsonSource(text);
  return valueOf(source, source.root);
}

test('is what JSON.parse reads', () => {
  const spaces = fc.constantFrom('', ' ', '\n', '\t \r\n');
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(undefined, 1, '\t'), spaces, (value, indent, around) => {
      const text = around + JSON.stringify(value, null, indent) + around;
      expect(read(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('has escapes of all kinds, in keys and beside quotes', () => {
  for (const value of [
    { '\\': '\\' },
    ['\\\\"', '"\\', ''],
    { '"': ['a', '\\', 'b'], 'a\\"': 'ü\u{1f600}\u0000' },
    [-1.5e-7, 1e21, 0, true, false, null],
  ]) {
    const text = JSON.stringify(value);
    expect(read(text)).toEqual(value);
  }
  expect(read(String.raw`["\u0041\/\\\"\n"]`)).toEqual(['A/\\"\n']);
});

test('keeps keys that occur twice', () => {
  const source = new JsonSource('{"a": 1, "b": {}, "a": [2]}');
  expect(source.entries(source.root).map(({ key, value }) => [key, valueOf(source, value)])).toEqual([
    ['a', 1],
    ['b', {}],
    ['a', [2]],
  ]);
});

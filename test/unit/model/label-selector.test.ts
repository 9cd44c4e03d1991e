import { expect, test } from 'vitest';
import { parseLabelSelector } from '../../../src/model/label-selector.js';
import { serviceError } from '../../support/service.js';

const labels = { job: 'a', state: 'Failed', empty: '' };

test.each([
  ['', true],
  ['job = a', true],
  ['job=a,state==Failed', true],
  ['job = a, state = Running', false],
  ['job != a', false],
  ['other != a', true],
  ['state in (Succeeded,Failed)', true],
  ['state in ( Succeeded , Failed ), job=a', true],
  ['state in(Running)', false],
  ['state notin (Running)', true],
  ['other notin (x)', true],
  ['job', true],
  ['!job', false],
  ['!other, in = x', false],
  ['empty =', true],
  ['constructor', false],
])('%s: %s', (text, holds) => {
  expect(parseLabelSelector(text, 'labelSelector').holds(labels)).toBe(holds);
});

test('the values that a label must have', () => {
  const valuesOf = (text: string): unknown => parseLabelSelector(text, 'labelSelector').valuesOf('a');
  expect(valuesOf('a in (b, c), d = e')).toEqual(['b', 'c']);
  expect(valuesOf('a in (b, c), a = c')).toEqual(['c']);
  expect(valuesOf('a = b, a = c')).toEqual([]);
  for (const open of ['', 'a', '!a', 'a != b', 'a notin (b)']) expect(valuesOf(open)).toBeUndefined();
});

test.each(['a in (b', '= b', 'a b', 'a=b c', 'a in b', ',', 'a=b,,c=d'])('%s is refused', (text) => {
  expect(() => parseLabelSelector(text, 'labelSelector')).toThrow(
    serviceError('INVALID_ARGUMENT', /^labelSelector: expected/),
  );
});

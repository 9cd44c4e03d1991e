import { expect, test } from 'vitest';
import {
  annotatedWith,
  describedCount,
  formatIndexes,
  parseIndexes,
  selectionOf,
  taskIndexes,
} from '../../../src/model/task-selection.js';

test.each([
  ['3', [3], '3'],
  ['3,7-9', [3, 7, 8, 9], '3,7-9'],
  ['9, 7 - 8 ,8', [7, 8, 9], '7-9'],
  ['0-0,2', [0, 2], '0,2'],
])('%j lists %j', (text, indexes, canonical) => {
  expect(parseIndexes(text)).toEqual(indexes);
  expect(formatIndexes(indexes)).toBe(canonical);
});

test.each(['', ',', '3,', '3-', '-3', '9-7', 'x', '1.5', '10000', '0-99999999999', '3 4'])(
  '%j is no list of indexes',
  (text) => expect(parseIndexes(text)).toBeUndefined(),
);

test('an execution records a selection, and a job cannot pretend to one', () => {
  const annotations = annotatedWith({ team: 'data' }, { indexes: [1, 4] }, 7);
  expect(annotations).toEqual({
    team: 'data',
    'dev.localrun/task-indexes': '1,4',
    'dev.localrun/task-count': '7',
  });
  expect(selectionOf({ annotations })).toEqual({ indexes: [1, 4], of: 7 });
  expect(taskIndexes({ annotations, taskCount: 2 })).toEqual([1, 4]);
  expect(describedCount({ annotations, taskCount: 2 })).toBe('2 of 7 (1,4)');
  expect(annotatedWith(annotations, undefined, 7)).toEqual({ team: 'data' });
  expect(annotatedWith(undefined, undefined, 7)).toBeUndefined();
  expect(taskIndexes({ taskCount: 3 })).toEqual([0, 1, 2]);
  expect(describedCount({ taskCount: 3 })).toBe('3');
});

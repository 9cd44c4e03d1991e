import { StatusMessage } from './condition.js';
import { any, bool, field, message, string, type Infer } from './field.js';

/** google.longrunning.Operation: a request that takes time, and its outcome. */
export const OperationMessage = message(
  'google.longrunning.Operation',
  {
    name: string('`projects/P/locations/L/operations/UUID`.'),
    metadata: any('The resource in its last known state.'),
    done: bool('Whether the operation has ended.'),
    error: field(StatusMessage, 'The error, if it failed.'),
    response: any('The resource at the end.'),
  },
  { result: ['error', 'response'] },
);
export type Operation = Infer<typeof OperationMessage>;

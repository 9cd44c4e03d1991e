import { StatusMessage } from './condition.js';
import { any, bool, field, message, string, type Infer } from './field.js';

/** google.longrunning.Operation: a request that may take its time, and how it ended. */
export const OperationMessage = message(
  'google.longrunning.Operation',
  {
    name: string('`projects/P/locations/L/operations/UUID`.'),
    metadata: any('The resource as it was when it was last looked at.'),
    done: bool('Whether it has ended.'),
    error: field(StatusMessage, 'Why it failed.'),
    response: any('The resource at its end.'),
  },
  { result: ['error', 'response'] },
);
export type Operation = Infer<typeof OperationMessage>;

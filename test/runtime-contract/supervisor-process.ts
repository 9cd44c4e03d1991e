import { runtimes, type Subject } from './runtimes.js';
import { scopeOf } from './scenario.js';
import { supervise } from './supervisor.js';

// A supervisor in its own process, which the test kills. It prints how far its attempts are, as lines of JSON.

const [name = '', home = '', suffix = ''] = process.argv.slice(2);
const subject: Subject = runtimes[name as keyof typeof runtimes];
await supervise(subject.open(home), scopeOf(home, suffix), subject.image, (point, handle) => {
  process.stdout.write(`${JSON.stringify({ point, handle })}\n`);
});

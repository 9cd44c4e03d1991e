import { runtimes, type Subject } from './runtimes.js';
import { scopeOf } from './scenario.js';
import { supervise } from './supervisor.js';

// A supervisor as a process of its own, which a test kills: it says on stdout, in lines of JSON, where its attempts are.

const [name = '', home = '', suffix = ''] = process.argv.slice(2);
const subject: Subject = runtimes[name as keyof typeof runtimes];
await supervise(subject.open(home), scopeOf(home, suffix), subject.image, (point, handle) => {
  process.stdout.write(`${JSON.stringify({ point, handle })}\n`);
});

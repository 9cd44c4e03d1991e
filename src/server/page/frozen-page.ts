import { createHash } from 'node:crypto';
import type { Frozen, LogRow, TaskRow } from '../../page/data.js';
import { shortName } from '../../model/names.js';
import type { Execution } from '../../model/schema/job.js';
import { readLogEntries } from '../../service/log-entries.js';
import { type Call, timeOf } from '../../service/service.js';
import { TaskTail } from '../../service/task-tail.js';
import { asset, pageDocument } from './assets.js';
import { executionYaml, jobOf } from './resources.js';
import { executionView, logRow, taskRow } from './rows.js';

/**
 * The page of an execution as one HTML document, with its data and without a server.
 * @param logLines how many of the newest lines of its log to include
 */
export async function frozenPage(
  call: Call,
  execution: Execution,
  { logLines }: { logLines: number },
): Promise<string> {
  const tasks: TaskRow[] = [];
  for await (const some of new TaskTail(call).look(execution)) for (const task of some) tasks.push(taskRow(task));
  const frozen: Frozen = {
    view: executionView(execution, jobOf(call, execution)),
    tasks,
    logs: newestLines(call, execution, logLines),
    yaml: { v1: executionYaml(execution, 'v1'), v2: executionYaml(execution, 'v2') },
    time: timeOf(call),
  };
  const script = inline(asset('page.js'));
  const style = asset('page.css');
  const policy = `default-src 'none'; script-src '${hash(script)}'; style-src '${hash(style)}'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
  return pageDocument(
    `<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${shortName(execution.name)}</title>
<style>${style}</style>`,
    `<script type="application/json" id="frozen">${JSON.stringify(frozen).replaceAll('<', String.raw`\u003c`)}</script>
<script type="module">${script}</script>
`,
  );
}

function newestLines(call: Call, execution: Execution, limit: number): { entries: LogRow[]; skipped: number } {
  let entries: LogRow[] = [];
  let count = 0;
  for (const entry of readLogEntries(call, [execution], {})) {
    count++;
    entries.push(logRow(entry));
    if (entries.length > 2 * limit) entries = entries.slice(-limit);
  }
  entries = limit > 0 ? entries.slice(-limit) : [];
  return { entries, skipped: count - entries.length };
}

export type FrozenPage = typeof frozenPage;

/** A script inside an element, which it must not end. */
const inline = (text: string): string => text.replaceAll(/<(?=\/(?:script|style)|!--)/gi, String.raw`\x3c`);

const hash = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

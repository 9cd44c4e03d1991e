import type { ReportFile } from '../output/report/files.js';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { type Flag, flag } from './flag.js';
import type { CommonOptions } from './global.js';
import { dictFlag } from './parsers.js';

export const reportFormats = ['junit', 'html', 'json'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** The flag of commands that run an execution or wait for one; Cloud Run has none of it. */
export interface ReportFlags extends CommonOptions {
  report?: Partial<Record<ReportFormat, string>>;
}

/** What `parseReport` adds to the options. */
export interface Reports {
  reports?: ReadonlyMap<ReportFormat, ReportFile>;
}

const isFormat = (text: string): text is ReportFormat => (reportFormats as readonly string[]).includes(text);

function parse(text: string, previous?: Record<string, string>): Record<string, string> {
  const files = dictFlag('--report')(text, previous);
  for (const [format, file] of Object.entries(files)) {
    if (!isFormat(format)) {
      throw new UsageError(`argument --report: ${JSON.stringify(format)} is not one of ${reportFormats.join(', ')}`);
    }
    if (file === '') throw new UsageError(`argument --report: ${format} has no file. Write ${format}=FILE.`);
  }
  return files;
}

export const reportFlag = (): Flag =>
  flag('--report <FORMAT=FILE,...>', 'write junit, html or json reports at the end, however it ends; localrun only', {
    parse,
  });

/** Checks that the reports can be written. @throws UsageError */
export async function parseReport({ io }: { io: Io }, { report }: ReportFlags): Promise<Reports> {
  if (!report) return {};
  if (io.forwarded) {
    throw new UsageError('--report writes files of this machine, but a cluster worker does the work of the command.', [
      'after the run, ',
      { command: 'jobs executions report', args: ['EXECUTION', '--junit', '>', report.junit ?? 'report.xml'] },
    ]);
  }
  const { reportFiles } = await import('../output/report/files.js');
  return { reports: reportFiles<ReportFormat>(report, io.cwd) };
}

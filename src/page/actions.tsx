import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Job } from '../model/schema/job.js';
import type { Overrides } from '../model/schema/run.js';
import { cancel, run, said } from './api.js';
import { go } from './navigation.js';
import { placeOf, shortName } from './names.js';
import { Notice } from './parts.js';
import { RunDialog } from './run-dialog.js';

interface Props {
  job: Job | undefined;
  /** What a run repeats. */
  overrides: Overrides;
  /** `Run`, `Run again` */
  runText: string;
  /** The full name of an execution that can be cancelled. */
  cancellable?: string | undefined;
}

/** Opens an execution where it is. */
export const openExecution = (name: string): void => go({ view: 'execution', id: shortName(name), ...placeOf(name) });

/** The buttons that change something, and what the server says if it refuses. */
export function Actions({ job, overrides, runText, cancellable }: Props): JSX.Element {
  const [dialog, setDialog] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const act = async (work: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(said(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <div class="actions">
        {cancellable !== undefined && (
          <button type="button" class="danger" disabled={busy} onClick={() => void act(() => cancel(cancellable))}>
            Cancel
          </button>
        )}
        <button type="button" disabled={!job} onClick={() => setDialog(true)}>
          Run with overrides…
        </button>
        <button
          type="button"
          class="primary"
          disabled={busy || !job}
          onClick={() => job && void act(async () => openExecution(await run(job.name, overrides)))}
        >
          {runText}
        </button>
      </div>
      {!job && <p class="note">The job was deleted, so that it cannot run again.</p>}
      {problem !== undefined && <Notice>{problem}</Notice>}
      {dialog && job && (
        <RunDialog
          job={job}
          given={overrides}
          onClose={() => setDialog(false)}
          onRun={(name) => {
            setDialog(false);
            openExecution(name);
          }}
        />
      )}
    </>
  );
}

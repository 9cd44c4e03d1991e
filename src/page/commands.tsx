import type { JSX } from 'preact';
import type { CommandLine } from './command-lines.js';
import { Copyable } from './parts.js';

export const Commands = ({ lines }: { lines: readonly CommandLine[] }): JSX.Element => (
  <dl class="commands">
    {lines.map(({ title, gcloud, localrun }) => (
      <div key={title}>
        <dt>{title}</dt>
        <dd>
          <Copyable text={localrun} label={`${title}, with localrun`} />
        </dd>
        {gcloud && (
          <dd>
            <Copyable text={gcloud} label={`${title}, with gcloud`} />
          </dd>
        )}
      </div>
    ))}
  </dl>
);

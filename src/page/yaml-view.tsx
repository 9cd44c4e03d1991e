import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { said, yaml } from './api.js';
import type { YamlVersion } from './data.js';
import { Notice } from './parts.js';

/** @param etag makes it read again when the resource has changed */
export function YamlView({ address, etag }: { address: string; etag: string | undefined }): JSX.Element {
  const [version, setVersion] = useState<YamlVersion>('v1');
  const [text, setText] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    let current = true;
    const read = async (): Promise<void> => {
      try {
        const found = await yaml(address, version);
        if (current) setText(found);
      } catch (error) {
        if (current) setProblem(said(error));
      }
    };
    setProblem(undefined);
    void read();
    return () => {
      current = false;
    };
  }, [address, version, etag]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text ?? '');
      setCopied(true);
      window.setTimeout(() => setCopied(false), 1500);
    } catch {
      setProblem('The browser does not let this page copy. Select the text instead.');
    }
  };
  return (
    <>
      <div class="controls">
        <fieldset class="choice">
          <legend class="hidden">Version of the API</legend>
          {(['v1', 'v2'] as const).map((one) => (
            <label key={one}>
              <input type="radio" name="yaml" checked={version === one} onChange={() => setVersion(one)} />
              {one === 'v1' ? 'v1, as gcloud reads and writes it' : 'v2, as the API has it'}
            </label>
          ))}
        </fieldset>
        <button type="button" class="quiet end" onClick={() => void copy()}>
          <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
        </button>
      </div>
      {problem !== undefined && <Notice>{problem}</Notice>}
      <pre class="yaml" tabIndex={0} aria-label={`YAML, ${version}`}>
        {text ?? 'Reading…'}
      </pre>
    </>
  );
}

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CompletionStatus } from '../model/schema/job.js';
import { ago, moment, statuses, type Tone } from './format.js';

/** A state as colour and shape; words are always beside it, or in a label. */
export const Glyph = ({ tone }: { tone: Tone }): JSX.Element => <i class={`glyph ${tone}`} aria-hidden="true" />;

export const Status = ({ status }: { status: CompletionStatus }): JSX.Element => {
  const { tone, text } = statuses[status];
  return (
    <span class={`status ${tone}`}>
      <Glyph tone={tone} />
      {text}
    </span>
  );
};

/** The time, which passes while `active`. */
export function useNow(active: boolean, every = 1000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    if (!active) return;
    const timer = window.setInterval(() => setNow(Date.now()), every);
    return () => window.clearInterval(timer);
  }, [active, every]);
  return now;
}

export const Ago = ({ time, now }: { time: string; now: number }): JSX.Element => (
  <time dateTime={time} title={moment(time)}>
    {ago(now - Date.parse(time))}
  </time>
);

interface TabsProps {
  label: string;
  tabs: readonly { id: string; text: string; badge?: number | undefined }[];
  selected: string;
  onSelect: (id: string) => void;
  children: ComponentChildren;
}

/** Tabs and the panel of the selected one; arrow keys move between them. */
export function Tabs({ label, tabs, selected, onSelect, children }: TabsProps): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ id }) => id === selected);
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const to = steps[event.key];
    const next = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    onSelect(next.id);
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map(({ id, text, badge }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`tab-${id}`}
            aria-selected={id === selected}
            aria-controls="panel"
            tabIndex={id === selected ? 0 : -1}
            onClick={() => onSelect(id)}
          >
            {text}
            {badge !== undefined && <span class="badge">{badge.toLocaleString('en')}</span>}
          </button>
        ))}
      </div>
      <section class="panel" role="tabpanel" id="panel" aria-labelledby={`tab-${selected}`}>
        {children}
      </section>
    </>
  );
}

/** A text to copy, with its button. Where the clipboard is not allowed, the text is selected. */
export function Copyable({ text, label }: { text: string; label: string }): JSX.Element {
  const code = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    if (code.current) window.getSelection()?.selectAllChildren(code.current);
    try {
      await navigator.clipboard.writeText(text);
      window.getSelection()?.removeAllRanges();
      setCopied(true);
      window.setTimeout(() => setCopied(false), 1500);
    } catch {
      // It is selected: the keys of the system copy it.
    }
  };
  return (
    <div class="copyable">
      <code ref={code}>{text}</code>
      <button type="button" class="quiet" aria-label={`Copy: ${label}`} onClick={() => void copy()}>
        <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
      </button>
    </div>
  );
}

export const Notice = ({ children }: { children: ComponentChildren }): JSX.Element => (
  <p class="notice" role="alert">
    {children}
  </p>
);

export const Empty = ({ children }: { children: ComponentChildren }): JSX.Element => <p class="empty">{children}</p>;

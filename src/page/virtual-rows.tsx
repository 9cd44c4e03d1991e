import type { ComponentChildren, JSX, RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Rows beyond the visible ones on both sides, so that scrolling shows no gaps. */
const margin = 6;

interface Window {
  first: number;
  /** Exclusive. */
  end: number;
}

/** Which of `count` rows of one height a scrolling element shows. */
export function useVisibleRows(box: RefObject<HTMLElement | null>, count: number, rowHeight: number): Window {
  const [{ top, height }, setView] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [box]);
  const first = Math.max(0, Math.min(count, Math.floor(top / rowHeight) - margin));
  return { first, end: Math.min(count, Math.ceil((top + height) / rowHeight) + margin) };
}

/** The rows of a window inside the space of all rows. */
export function Rows({
  window: { first, end },
  count,
  rowHeight,
  row,
}: {
  window: Window;
  count: number;
  rowHeight: number;
  row: (index: number) => ComponentChildren;
}): JSX.Element {
  const indexes = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
  return (
    <div role="presentation" class="space" style={{ height: `${count * rowHeight}px` }}>
      <div role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
        {indexes.map(row)}
      </div>
    </div>
  );
}

/** Scrolls a row into view. */
export function reveal(box: HTMLElement | null, index: number, rowHeight: number): void {
  if (!box) return;
  const top = index * rowHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = top + rowHeight - box.clientHeight;
}

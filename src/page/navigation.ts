import { useEffect, useState } from 'preact/hooks';
import { frozen } from './frozen.js';
import { shortName } from './names.js';
import { formatRoute, parseRoute, type Route } from './route.js';

/** A frozen page has no paths: what is after `#` stands for the query. */
function current(): Route {
  const { pathname, search, hash } = window.location;
  if (!frozen) return parseRoute(pathname, search);
  const id = shortName(frozen.view.execution.name);
  return { ...parseRoute('', hash.slice(1)), view: 'execution', id };
}

const changed = new Set<() => void>();
const tell = (): void => changed.forEach((listener) => listener());
window.addEventListener('popstate', tell);
window.addEventListener('hashchange', tell);

/** The address of a route, for a link. */
export function href(route: Route): string {
  if (!frozen) return formatRoute(route);
  const { view: _1, id: _2, ...rest } = route;
  return `#${formatRoute({ view: 'overview', id: '', ...rest }).slice(1)}`;
}

/** Shows a route; `replace` leaves no entry in the history. */
export function go(route: Route, replace = false): void {
  const url = href(route);
  if (replace) window.history.replaceState(null, '', url);
  else window.history.pushState(null, '', url);
  tell();
}

export function useRoute(): Route {
  const [route, setRoute] = useState(current);
  useEffect(() => {
    const listener = (): void => setRoute(current());
    changed.add(listener);
    return () => void changed.delete(listener);
  }, []);
  return route;
}

/** Follows links of the page without loading it again. */
export function followLinks(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.target || link.origin !== window.location.origin || frozen) return;
  event.preventDefault();
  const moved = link.pathname !== window.location.pathname;
  go(parseRoute(link.pathname, link.search));
  if (moved) window.scrollTo(0, 0);
}

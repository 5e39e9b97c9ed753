// The address: `#/SANDBOX/VIEW/ID?filter=...` names what is shown, so that it can be sent to somebody else.
import { signal } from './html.js';

export const VIEWS = [
  ['calls', 'Calls', 'c'], ['orders', 'Orders', 'o'], ['accounts', 'Accounts', 'a'], ['clock', 'Clock', 't'],
  ['try', 'Try it', 'y'], ['faults', 'Faults', 'f'], ['sandboxes', 'Sandboxes', 's'],
  ['assumptions', 'Assumptions', 'm'], ['use', 'Use it', 'u'],
];

function read() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [sandbox, view, ...id] = path.split('/').map(decoded);
  return {
    sandbox: sandbox || 'default',
    view: VIEWS.some(([name]) => name === view) ? view : 'calls',
    id: id.join('/'),
    query: new URLSearchParams(query),
  };
}

// A broken escape is text like any other.
function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

export const route = signal(read());
addEventListener('hashchange', () => { route.value = read(); });

// The link to a view; an id may have slashes (download/CollectSMIME).
export function href(view, id = '', query = {}, sandbox = route.value.sandbox) {
  const parts = [sandbox, view, ...String(id).split('/').filter(Boolean)];
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value != null));
  const text = asked.toString();
  return '#/' + parts.map(encodeURIComponent).join('/') + (text ? '?' + text : '');
}

export function go(...where) {
  location.hash = href(...where);
}

// Changes parts of the query without a new entry in the history: for what is typed into filters.
export function setQuery(changes) {
  const query = { ...Object.fromEntries(route.value.query), ...changes };
  history.replaceState(null, '', href(route.value.view, route.value.id, query));
  route.value = read();
}

// The address names what is shown: `#/SANDBOX/VIEW/ID?filter=...`
import { signal } from './html.js';

export const VIEWS = [
  ['calls', 'Calls', 'c'], ['orders', 'Orders', 'o'], ['accounts', 'Accounts', 'a'], ['clock', 'Clock', 't'],
  ['try', 'Try it', 'y'], ['faults', 'Faults', 'f'], ['sandboxes', 'Sandboxes', 's'],
  ['assumptions', 'Assumptions', 'm'], ['use', 'Use it', 'u'],
];

export function query(fields) {
  const entries = Object.entries(fields).filter(([, value]) => value !== '' && value != null);
  return entries.length ? '?' + new URLSearchParams(entries) : '';
}

function read() {
  const [path, key = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [sandbox, view, ...id] = path.split('/').map(decoded);
  return {
    sandbox: sandbox || 'default',
    view: VIEWS.some(([name]) => name === view) ? view : 'calls',
    id: id.join('/'),
    query: Object.fromEntries(new URLSearchParams(key)),
    key,
  };
}

function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

export const route = signal(read());
addEventListener('hashchange', () => { route.value = read(); });

// The link to a view; an id may have slashes (download/CollectSMIME).
export function href(view, id = '', fields = {}, sandbox = route.value.sandbox) {
  return '#/' + [sandbox, view, ...String(id).split('/').filter(Boolean)].map(encodeURIComponent).join('/') + query(fields);
}

export function go(...where) {
  location.hash = href(...where);
}

// Changes the query without a new entry in the history.
export function setQuery(changes) {
  const { view, id, query: asked } = route.value;
  history.replaceState(null, '', href(view, id, { ...asked, ...changes }));
  route.value = read();
}

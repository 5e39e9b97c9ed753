// The keyboard.
import { signal } from './html.js';
import { VIEWS, go, route } from './route.js';

export const helpShown = signal(false);
// What the view that is shown does on a letter.
export const viewKeys = signal({});

export const KEYS = [
  ['/', 'search'], ['j k', 'next row, previous row'], ['Enter', 'open the row'], ['Esc', 'close what is open'],
  ['p', 'pause the calls'], ['?', 'show this list'],
  ...VIEWS.map(([, title, letter]) => [`g ${letter}`, title]),
];

let awaitsView = false;

export function listen() {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (event.target.closest('input, textarea, select')) {
      if (event.key === 'Escape') event.target.blur();
    } else if (press(event.key)) {
      event.preventDefault();
    }
  });
}

function press(key) {
  if (awaitsView) {
    awaitsView = false;
    const view = VIEWS.find(([, , letter]) => letter === key);
    if (view) go(view[0]);
    return Boolean(view);
  }
  const acts = { '/': search, j: () => step(1), k: () => step(-1), g: () => { awaitsView = true; }, '?': () => { helpShown.value = true; }, Escape: close, ...viewKeys.value };
  if (!Object.hasOwn(acts, key)) return false;
  acts[key]();
  return true;
}

function search() {
  const field = document.querySelector('[data-search]');
  field?.focus();
  field?.select?.();
}

// Moves the focus among the rows' links; from the one that is open, if none has it.
function step(by) {
  const links = [...document.querySelectorAll('a.row-link')];
  const from = links.indexOf(document.activeElement);
  const start = from >= 0 ? from : links.findIndex((link) => link.getAttribute('aria-current'));
  const to = links[start < 0 ? 0 : Math.min(Math.max(start + by, 0), links.length - 1)];
  to?.focus();
  to?.scrollIntoView({ block: 'nearest' });
}

function close() {
  const { id, view, query } = route.value;
  if (id) go(view, '', query);
}

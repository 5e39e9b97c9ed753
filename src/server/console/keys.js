// The keyboard: / to search, j and k through the rows of a table, g and a letter to a view, ? for this list.
import { signal } from './html.js';
import { go, route, VIEWS } from './route.js';

export const helpShown = signal(false);
// What the view that is shown does on a letter, such as `p` to pause.
export const viewKeys = signal({});

export const KEYS = [
  ['/', 'search'], ['j  k', 'next row, previous row'], ['Enter', 'open the row'], ['Esc', 'close what is open'],
  ['p', 'pause the calls'], ['?', 'show this list'],
  ...VIEWS.map(([, title, letter]) => [`g ${letter}`, title]),
];

let awaitsView = false;

export function listen() {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (event.target.closest('input, textarea, select')) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    if (press(event.key)) event.preventDefault();
  });
}

function press(key) {
  if (awaitsView) {
    awaitsView = false;
    const view = VIEWS.find(([, , letter]) => letter === key);
    if (view) go(view[0]);
    return Boolean(view);
  }
  switch (key) {
    case '/': return focus('[data-search]');
    case 'j': return step(1);
    case 'k': return step(-1);
    case 'g': awaitsView = true; return true;
    case '?': helpShown.value = true; return true;
    case 'Escape': return close();
    default: return viewKeys.value[key] ? (viewKeys.value[key](), true) : false;
  }
}

function focus(selector) {
  const element = document.querySelector(selector);
  element?.focus();
  element?.select?.();
  return Boolean(element);
}

// Moves the focus among the rows' links; from the one that is open, if none has it.
function step(by) {
  const links = [...document.querySelectorAll('a.row-link')];
  if (!links.length) return false;
  const from = links.indexOf(document.activeElement);
  const open = links.findIndex((link) => link.getAttribute('aria-current'));
  const start = from >= 0 ? from : open;
  const to = start < 0 ? 0 : Math.min(Math.max(start + by, 0), links.length - 1);
  links[to].focus();
  links[to].scrollIntoView({ block: 'nearest' });
  return true;
}

function close() {
  if (!route.value.id) return false;
  go(route.value.view, '', Object.fromEntries(route.value.query));
  return true;
}

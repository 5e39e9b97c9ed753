// A table that the server searches, sorts and pages, with all of that in the address.
import { html } from './html.js';
import { number } from './format.js';
import { Filter } from './parts.js';
import { route, setQuery } from './route.js';

export const PAGE = 50;

// What of the address is sent to the server, for these parameters.
export function askedFor(names) {
  const { query } = route.value;
  const fields = Object.fromEntries(names.map((name) => [name, query.get(name) || '']));
  return { ...fields, offset: Number(query.get('offset')) || 0, limit: PAGE };
}

export const Search = ({ label }) => html`<${Filter} name="search" label=${label} placeholder=${`${label}  /`} class="wide" data-search />`;

// The head of a column that can be sorted by: rising, then falling.
export function Sorted({ name, children, ...rest }) {
  const now = route.value.query.get('sort') || 'orderNumber';
  const order = now === name ? 'ascending' : now === '-' + name ? 'descending' : null;
  const sort = () => setQuery({ sort: order === 'ascending' ? '-' + name : name, offset: '' });
  return html`<th scope="col" aria-sort=${order} ...${rest}><button type="button" onClick=${sort}>${children || name}
    <span aria-hidden="true">${order === 'ascending' ? ' ↑' : order === 'descending' ? ' ↓' : ''}</span></button></th>`;
}

export function Pages({ total }) {
  const offset = Number(route.value.query.get('offset')) || 0;
  if (total <= PAGE && !offset) return null;
  const to = (where) => setQuery({ offset: where || '' });
  const last = Math.max(0, Math.floor((total - 1) / PAGE) * PAGE);
  return html`<nav class="pages" aria-label="Pages">
    <button type="button" disabled=${!offset} onClick=${() => to(0)}>First</button>
    <button type="button" disabled=${!offset} onClick=${() => to(Math.max(0, offset - PAGE))}>Previous</button>
    <span>${number(Math.min(offset + 1, total))} to ${number(Math.min(offset + PAGE, total))} of ${number(total)}</span>
    <button type="button" disabled=${offset + PAGE >= total} onClick=${() => to(offset + PAGE)}>Next</button>
    <button type="button" disabled=${offset >= last} onClick=${() => to(last)}>Last</button>
  </nav>`;
}

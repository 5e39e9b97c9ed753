// A list that the server searches, sorts and pages, as the address says; beside it what is open.
import { html, useState } from './html.js';
import { get, patch, post, remove } from './api.js';
import { toml } from './copied.js';
import { NewForm } from './fields.js';
import { number } from './format.js';
import { Button, ConfirmButton, Copy, Detail, Dialog, Empty, Failure, Search, say, useData } from './parts.js';
import { go, href, query, route, setQuery } from './route.js';
import { refreshAll } from './store.js';

const PAGE = 50;
const offset = () => Number(route.value.query.offset) || 0;

// These parameters of the address, for the server.
export function askedFor(names) {
  return query({ ...Object.fromEntries(names.map((name) => [name, route.value.query[name]])), offset: offset(), limit: PAGE });
}

// `name` is the field that names a thing, `filters` what narrows the list, `form` what NewForm wants.
export function Listing({ noun, name, filters, choices, total, things, error, reload, table, opened, form, none }) {
  const [makes, setMakes] = useState(false);
  const { id, view, query: asked } = route.value;
  const filtered = filters.some((filter) => asked[filter]);
  const close = () => setMakes(false);
  const make = async (entry) => {
    const made = await post(view, entry);
    close();
    say(`The ${noun} ${made[name]} is there.`);
    refreshAll();
    reload();
    go(view, made[name]);
  };
  return html`<div class=${'split' + (id ? ' open' : '')}>
    <div class="list">
      <form class="bar" role="search" onSubmit=${(event) => event.preventDefault()}>
        <${Search} label=${`Search ${view}`} />${choices}
        ${filtered && html`<${Button} class="quiet" onClick=${() => go(view)}>No filter<//>`}
        <span class="push"></span>
        ${total != null && html`<span class="dim count">${number(total)} ${total === 1 ? noun : view}</span>`}
        <${Button} class="primary" onClick=${() => setMakes(true)}>New ${noun}<//></form>
      <${Failure} error=${error} />
      ${things?.length > 0 && html`${table(asked)}<${Pages} total=${total} />`}
      ${things?.length === 0 && (filtered
        ? html`<${Empty} title=${`No ${noun} matches.`}><p><a href=${href(view)}>Show every ${noun}</a></p><//>`
        : html`<${Empty} title=${`No ${view}.`}><p>${none}</p><//>`)}
    </div>
    ${id && opened}
    ${makes && html`<${Dialog} title=${`New ${noun}`} onClose=${close}><${NewForm} title=${`Make the ${noun}`} make=${make} ...${form} /><//>`}
  </div>`;
}

// The thing that is open; `on` as for useData.
export function useOpened(view, id, onChange, on) {
  const path = `${view}/${encodeURIComponent(id)}`;
  const [turn, setTurn] = useState(0);
  const save = async (fields) => {
    const saved = await patch(path, fields);
    say('Saved.');
    setTurn((value) => value + 1);
    onChange();
    return saved;
  };
  return { ...useData(() => get(path), [path, turn, ...on]), path, turn, save };
}

export function Opened({ noun, id, title, error, fixture, headline, links, onChange, children }) {
  const { view, query: asked } = route.value;
  const drop = async () => {
    await remove(`${view}/${encodeURIComponent(id)}`);
    go(view, '', asked);
    refreshAll();
    onChange();
  };
  return html`<${Detail} title=${title} error=${error}>
    ${fixture && html`${headline}<p class="actions">${links}<${Copy} text=${() => toml(view, fixture)}>Copy as fixture<//><span class="push"></span>
      <${ConfirmButton} run=${drop} done=${`The ${noun} ${id} is deleted.`} ask=${`Delete the ${noun}?`}>Delete<//></p>${children}`}<//>`;
}

export function Sorted({ name }) {
  const now = route.value.query.sort || 'orderNumber';
  const order = { [name]: 'ascending', ['-' + name]: 'descending' }[now];
  const sort = () => setQuery({ sort: order === 'ascending' ? '-' + name : name, offset: '' });
  return html`<th scope="col" aria-sort=${order}><${Button} onClick=${sort}>${name}
    <span aria-hidden="true">${{ ascending: ' ↑', descending: ' ↓' }[order]}</span><//></th>`;
}

function Pages({ total }) {
  const from = offset();
  if (total <= PAGE && !from) return null;
  const last = Math.floor((total - 1) / PAGE) * PAGE;
  const to = (title, where, isOff) => html`<${Button} disabled=${isOff} onClick=${() => setQuery({ offset: where || '' })}>${title}<//>`;
  return html`<nav class="pages" aria-label="Pages">
    ${to('First', 0, !from)}${to('Previous', Math.max(0, from - PAGE), !from)}
    <span>${number(Math.min(from + 1, total))} to ${number(Math.min(from + PAGE, total))} of ${number(total)}</span>
    ${to('Next', from + PAGE, from + PAGE >= total)}${to('Last', last, from >= last)}
  </nav>`;
}

// The view of the calls: filters, the table that grows at its top, and the call that is open beside it.
import { Component, html, useEffect, useState } from './html.js';
import { remove } from './api.js';
import { Call } from './call.js';
import { dateTime, number, timeOfDay, took } from './format.js';
import { arrived, calls, connection, flooded, forget, forgotten, pause, paused } from './journal.js';
import { viewKeys } from './keys.js';
import { Code, ConfirmButton, Empty, Failure, Filter, Select, Table } from './parts.js';
import { go, href, route, setQuery } from './route.js';
import { catalogue, health, sandboxOf } from './store.js';

// So many rows are drawn at first, and more by a button.
const ROWS = 200;
// While calls pour in faster than anybody reads, that is enough.
const ROWS_IN_FLOOD = 40;

export function Calls() {
  const [rows, setRows] = useState(ROWS);
  const { id, query } = route.value;
  useEffect(() => {
    viewKeys.value = { p: () => pause() };
    return () => { viewKeys.value = {}; };
  }, []);
  const text = (query.get('text') || '').toLowerCase();
  const shown = text ? calls.value.filter((call) => contains(call, text)) : calls.value;
  const filtered = [...query.values()].some(Boolean);
  return html`<div class=${'split' + (id ? ' open' : '')}>
    <div class="list">
      <${Filters} shown=${shown.length} filtered=${filtered} />
      ${connection.value instanceof Error && html`<${Failure} error=${connection.value} />`}
      ${shown.length > 0 && html`<${Rows} list=${shown.slice(0, flooded.value ? ROWS_IN_FLOOD : rows)} id=${Number(id)} query=${query} />`}
      ${shown.length > rows && html`<p class="more"><button type="button" onClick=${() => setRows(rows + ROWS)}>Show more (${number(shown.length - rows)})</button></p>`}
      ${forgotten.value > 0 && shown.length > 0 && html`<p class="note more">${number(forgotten.value)} older calls are no longer kept.</p>`}
      ${!shown.length && (filtered ? html`<${Nothing} />` : html`<${None} />`)}
    </div>
    ${id && html`<${Call} key=${id} id=${Number(id)} />`}
  </div>`;
}

const found = new WeakMap();

function contains(call, text) {
  let all = found.get(call);
  if (all === undefined) {
    const values = call.arguments.map(({ name, value }) => `${name}=${value}`);
    all = [call.id, call.endpoint, call.loginName, call.orderNumber, call.code, call.hint, ...values, call.reply].join('\n').toLowerCase();
    found.set(call, all);
  }
  return all.includes(text);
}

function Filters({ shown, filtered }) {
  const { query } = route.value;
  const value = (name) => query.get(name) || '';
  const input = (name, width) => html`<${Filter} name=${name} label=${name} class=${width} />`;
  const clear = async () => { await remove('calls'); forget(); };
  return html`<form class="bar" role="search" onSubmit=${(event) => event.preventDefault()}>
    <input type="search" class="wide" data-search aria-label="Search in the calls" placeholder="Search  /" value=${value('text')}
      onInput=${(event) => setQuery({ text: event.target.value })} />
    <${Select} aria-label="Endpoint" value=${value('endpoint')} onChange=${(endpoint) => setQuery({ endpoint })}
      options=${[['', 'every endpoint'], ...catalogue.value.endpoints.map(({ name }) => name)]} />
    ${input('loginName', 'middle')}
    ${input('orderNumber', 'middle')}
    ${input('code', 'narrow')}
    ${filtered && html`<button type="button" class="quiet" onClick=${() => go('calls')}>No filter</button>`}
    <span class="push"></span>
    <span class="dim count">${number(shown)} shown</span>
    <button type="button" aria-pressed=${String(paused.value)} class=${paused.value ? 'on' : ''} onClick=${() => pause()}>
      ${paused.value ? `Go on${arrived.value.length ? ` (${number(arrived.value.length)} new)` : ''}` : 'Pause'}</button>
    <${ConfirmButton} run=${clear} done="The journal is empty." ask="Forget every call?">Clear<//>
  </form>`;
}

function Rows({ list, id, query }) {
  const fields = Object.fromEntries(query);
  return html`<${Table} label="Calls" class="calls">
    <thead><tr><th scope="col" class="num">#</th><th scope="col" title="by the sandbox's clock">Clock</th><th scope="col" class="c-real">Real time</th><th scope="col">Endpoint</th>
      <th scope="col" class="c-login">loginName</th><th scope="col" class="c-order">orderNumber</th><th scope="col">Code</th><th scope="col" class="num c-took">Took</th>
      <th scope="col" class="c-hint">Fault, hint</th></tr></thead>
    <tbody>${list.map((call) => html`<${Row} key=${call.id} call=${call} open=${call.id === id} address=${href('calls', call.id, fields)} />`)}</tbody>
  <//>`;
}

// Drawn again only when it must be: calls do not change.
class Row extends Component {
  shouldComponentUpdate(next) {
    return next.open !== this.props.open || next.address !== this.props.address || next.call !== this.props.call;
  }

  render({ call, open, address }) {
    return html`<tr class=${open ? 'open' : ''} onClick=${(event) => follow(event, address)}>
      <td class="num"><a class="row-link" href=${address} aria-current=${open ? 'true' : null} aria-label=${`Call ${call.id}`}>${call.id}</a></td>
      <td class="nowrap">${sandboxTime(call)}</td>
      <td class="nowrap c-real">${timeOfDay(call.realTime)}</td>
      <td class="name">${call.endpoint}</td>
      <td class="name c-login">${call.loginName ?? ''}</td>
      <td class="name c-order">${call.orderNumber ?? ''}</td>
      <td class="c-code"><${Code} endpoint=${call.endpoint} code=${call.code} status=${call.status} named /></td>
      <td class="num nowrap c-took">${took(call.tookMicros)}</td>
      <td class="c-hint">${call.fault != null && html`<span class="code bad">#${call.fault}</span> `}${call.hint}</td>
    </tr>`;
  }
}

// Without its date where that is today's.
function sandboxTime({ time, realTime }) {
  return time.slice(0, 10) === realTime.slice(0, 10) ? time.slice(11, 19) : dateTime(time);
}

// A click anywhere in a row opens it, unless text is being selected or something in it was meant.
export function follow(event, address) {
  if (event.target.closest('a, button, input, select') || String(getSelection())) return;
  location.hash = address;
}

const Nothing = () => html`<${Empty} title="No call matches.">
  <p>The journal may have some that do not. <a href=${href('calls')}>Show every call</a></p><//>`;

function None() {
  const base = (health.value.https || 'https://localhost:8443') + (sandboxOf(route.value.sandbox)?.path || '');
  return html`<${Empty} title="No calls yet.">
    <p>Let your client call <code>${base}/products/…</code>, and its calls appear here at once.</p>
    <p>Or <a href=${href('try')}>try an endpoint here</a>, or see <a href=${href('use')}>how to use it</a> from curl, Python, Node, Java, Go, PHP and Rust.</p><//>`;
}

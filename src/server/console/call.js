// One call, opened: why it was answered so, its arguments beside the catalogue's rows, its reply, and what can be done with it.
import { html, useState } from './html.js';
import { get, post } from './api.js';
import { curl, toml } from './copied.js';
import { bytes, codeRow, minus, timeOfDay, took } from './format.js';
import { callOf } from './journal.js';
import { Action, Bytes, Code, Copy, Failure, Mark, Table, TextDialog, Time, useData } from './parts.js';
import { go, href, route } from './route.js';
import { endpointOf, health, sandboxOf } from './store.js';

export function Call({ id }) {
  const { data: call, error } = useData(() => callOf(id), [id, route.value.sandbox]);
  const back = href('calls', '', Object.fromEntries(route.value.query));
  return html`<section class="detail" aria-label=${`Call ${id}`}>
    <header><h2>Call ${id}</h2><a class="button quiet" href=${back}>Close</a></header>
    ${error && html`<${Failure} error=${error.status === 404 ? new Error('The journal does not have this call, or no longer.') : error} />`}
    ${call && html`<${Opened} call=${call} />`}
  </section>`;
}

function Opened({ call }) {
  const endpoint = endpointOf(call.endpoint);
  const row = codeRow(endpoint, call.code);
  return html`
    <p class="headline"><strong>${call.endpoint}</strong> <${Code} endpoint=${call.endpoint} code=${call.code} status=${call.status} named /></p>
    <p class="why">${call.hint}</p>
    ${row && html`<p class="note"><b>${minus(row.code)}</b> means: ${row.meaning}. Number <${Mark} mark=${row.numberMark} />, message <${Mark} mark=${row.messageMark} />.</p>`}
    <${Actions} call=${call} />
    <dl class="facts">
      <dt>Sandbox time</dt><dd><${Time} at=${call.time} far /></dd>
      <dt>Real time</dt><dd>${call.realTime.slice(0, 10)} ${timeOfDay(call.realTime)}</dd>
      <dt>Took</dt><dd>${took(call.tookMicros)}</dd>
      <dt>loginName</dt><dd>${call.loginName != null ? html`<a href=${href('accounts', call.loginName)}>${call.loginName}</a>` : '–'}</dd>
      <dt>orderNumber</dt><dd>${call.orderNumber != null ? html`<a href=${href('orders', call.orderNumber)}>${call.orderNumber}</a>` : '–'}</dd>
      <dt>Fault</dt><dd>${call.fault != null ? html`<a href=${href('faults')}>#${call.fault}</a>` : 'none'}</dd>
    </dl>
    <h3>Reply <span class="dim">HTTP ${call.status}, ${bytes(new TextEncoder().encode(call.reply).length)}</span></h3>
    <${Bytes} text=${call.reply} label="Reply" />
    <h3>Arguments</h3>
    <${Arguments} call=${call} endpoint=${endpoint} />`;
}

export const base = () => ({
  https: health.value.https || 'https://localhost:8443',
  http: health.value.http,
  path: sandboxOf(route.value.sandbox)?.path ?? '',
});

function Actions({ call }) {
  const [fixture, setFixture] = useState(null);
  const again = async () => {
    const { call: made } = await post(`calls/${call.id}/again`);
    go('calls', made.id, Object.fromEntries(route.value.query));
    return `Sent again: call ${made.id}.`;
  };
  return html`<p class="actions">
    <${Copy} text=${() => curl(call, base())}>Copy as curl<//>
    <${Action} run=${again}>Send again<//>
    <${Action} run=${async () => setFixture(await fixtureOf(call))}>Make this a fixture<//>
    <a class="button" href=${href('try', call.endpoint, { call: call.id })}>Change and send</a>
    ${fixture && html`<${TextDialog} title=${`Fixture of call ${call.id}`} text=${fixture} onClose=${() => setFixture(null)}
      note="For a fixtures file (--fixtures): the account, the order as it was before the call, and the fault that it met." />`}
  </p>`;
}

// What is at a path, or null where there is nothing.
const found = (path) => get(path).catch((error) => { if (error.status === 404) return null; throw error; });

// What of the sandbox the call was about, as a fixtures file.
async function fixtureOf(call) {
  const tables = [`# Call ${call.id}: ${call.endpoint}, answered with ${call.code ?? 'HTTP ' + call.status}.\n# ${oneLine(call.hint)}\n`];
  const account = call.loginName && (await found('accounts/' + encodeURIComponent(call.loginName)));
  if (account) tables.push(toml('accounts', { loginName: account.loginName, loginPassword: 'password', ...account, ...(account.locked ? {} : { locked: null }) }));
  const order = call.orderNumber && (await found('orders/' + call.orderNumber));
  if (order) tables.push(toml('orders', await orderBefore(order, call)));
  const fault = call.fault != null && (await get('faults')).faults.find(({ id }) => id === call.fault);
  if (fault) tables.push(toml('faults', { ...fault, id: null, hits: null, left: null, ends: null }));
  return tables.join('\n');
}

const oneLine = (text) => text.replace(/\s+/g, ' ');

// The order in the state that it had when the call came, if its history tells; with the times of now where it did not change.
async function orderBefore(order, call) {
  const { entries } = (await found(`orders/${order.orderNumber}/history`)) || { entries: [] };
  const at = entries.findIndex((entry) => entry.call === call.id);
  if (at < 1) return order;
  const { orderNumber, loginName, product, email, organization } = order;
  return { orderNumber, loginName, product, state: entries[at - 1].state, email, organization };
}

function Arguments({ call, endpoint }) {
  const rowOf = (name) => endpoint?.arguments.find((row) => row.name.toLowerCase() === name.toLowerCase());
  const sent = new Set(call.arguments.map(({ name }) => name.toLowerCase()));
  const missing = (endpoint?.arguments || []).filter((row) => row.need === 'required' && !sent.has(row.name.toLowerCase()));
  return html`<${Table} label="Arguments" class="arguments">
    <thead><tr><th scope="col">Name</th><th scope="col">Value</th><th scope="col">What the catalogue says</th></tr></thead>
    <tbody>
      ${call.arguments.map(({ name, value }, at) => html`<tr key=${at}>
        <th scope="row">${name}</th><td class="value">${value === '' ? html`<i class="dim">empty</i>` : value}</td>
        <td><${Row} row=${rowOf(name)} /></td></tr>`)}
      ${missing.map((row) => html`<tr key=${'no ' + row.name} class="missing">
        <th scope="row">${row.name}</th><td><i>not sent</i></td><td><${Row} row=${row} /></td></tr>`)}
    </tbody><//>`;
}

// A row of the catalogue in a few words.
export function Row({ row }) {
  if (!row) return html`<span class="dim">not an argument of this endpoint</span>`;
  return html`<span class="dim">${kind(row)}</span> <${Mark} mark=${row.mark} /><br />${row.doc}`;
}

export function kind(row) {
  const limit = row.max ? ` up to ${row.max}` : '';
  const choices = row.choices ? `: ${row.choices.join(', ')}` : '';
  return `${row.need} ${row.type}${limit}${choices}${row.default != null ? `; default ${row.default}` : ''}`;
}

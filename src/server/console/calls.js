// The calls, and the one that is open beside them.
import { Component, html, useEffect, useState } from './html.js';
import { get, post, remove } from './api.js';
import { curl, toml } from './copied.js';
import { codeRow, dateTime, kind, minus, number, timeOfDay, took } from './format.js';
import { arrived, callOf, calls, connection, flooded, forget, forgotten, pause, paused } from './journal.js';
import { viewKeys } from './keys.js';
import { Action, Button, Bytes, Code, ConfirmButton, Copy, Detail, Dialog, Empty, Facts, Failure, Filter, Mark, OpenRow, Search, Select, Table, Time, prose, useData } from './parts.js';
import { go, href, route, setQuery } from './route.js';
import { base, catalogue, endpointOf } from './store.js';

// Rows that are drawn; fewer while calls pour in faster than anybody reads.
const ROWS = 200;
const ROWS_IN_FLOOD = 40;

export default function Calls() {
  const [rows, setRows] = useState(ROWS);
  const { id, query } = route.value;
  useEffect(() => {
    viewKeys.value = { p: () => pause() };
    return () => { viewKeys.value = {}; };
  }, []);
  const text = (query.text || '').toLowerCase();
  const shown = text ? calls.value.filter((call) => contains(call, text)) : calls.value;
  const failed = connection.value instanceof Error && connection.value;
  const filtered = Object.values(query).some(Boolean);
  return html`<div class=${'split' + (id ? ' open' : '')}>
    <div class="list">
      <${Filters} shown=${shown.length} filtered=${filtered} />
      ${failed && html`<${Failure} error=${failed} />`}
      ${shown.length > 0 && html`<${Rows} list=${shown.slice(0, flooded.value ? ROWS_IN_FLOOD : rows)} id=${Number(id)} query=${query} />`}
      ${shown.length > rows && html`<p class="more"><${Button} onClick=${() => setRows(rows + ROWS)}>Show more (${number(shown.length - rows)})<//></p>`}
      ${forgotten.value > 0 && shown.length > 0 && html`<p class="note more">${number(forgotten.value)} older calls are no longer kept.</p>`}
      ${!shown.length && !failed && (filtered ? html`<${Empty} title="No call matches."><p>The journal may have some that do not. <a href=${href('calls')}>Show every call</a></p><//>` : html`<${None} />`)}
    </div>
    ${id && html`<${Call} key=${id} id=${Number(id)} />`}
  </div>`;
}

const found = new WeakMap();

function contains(call, text) {
  if (!found.has(call)) {
    const values = call.arguments.map(({ name, value }) => `${name}=${value}`);
    found.set(call, [call.id, call.endpoint, call.loginName, call.orderNumber, call.code, call.hint, ...values, call.reply].join('\n').toLowerCase());
  }
  return found.get(call).includes(text);
}

function Filters({ shown, filtered }) {
  const input = (name, width) => html`<${Filter} name=${name} label=${name} class=${width} />`;
  return html`<form class="bar" role="search" onSubmit=${(event) => event.preventDefault()}>
    <${Search} name="text" label="Search in the calls" />
    <${Select} aria-label="Endpoint" value=${route.value.query.endpoint || ''} onChange=${(endpoint) => setQuery({ endpoint })}
      options=${[['', 'every endpoint'], ...catalogue.value.endpoints.map(({ name }) => name)]} />
    ${input('loginName', 'middle')} ${input('orderNumber', 'middle')} ${input('code', 'narrow')}
    ${filtered && html`<${Button} class="quiet" onClick=${() => go('calls')}>No filter<//>`}
    <span class="push"></span>
    <span class="dim count">${number(shown)} shown</span>
    <${Button} aria-pressed=${String(paused.value)} class=${paused.value ? 'on' : ''} onClick=${() => pause()}>
      ${paused.value ? `Go on${arrived.value.length ? ` (${number(arrived.value.length)} new)` : ''}` : 'Pause'}<//>
    <${ConfirmButton} run=${async () => { await remove('calls'); forget(); }} done="The journal is empty." ask="Forget every call?">Clear<//>
  </form>`;
}

function Rows({ list, id, query }) {
  return html`<${Table} label="Calls" class="calls"
    head=${[['#', 'num'], 'Clock', ['Real time', 'c-real'], 'Endpoint', 'loginName', 'orderNumber', ['Took', 'num c-real'], 'Code, hint']}
    rows=${list.map((call) => html`<${Row} key=${call.id} call=${call} endpoint=${endpointOf(call.endpoint)} open=${call.id === id} address=${href('calls', call.id, query)} />`)} />`;
}

class Row extends Component {
  shouldComponentUpdate(next) {
    return ['call', 'open', 'address', 'endpoint'].some((name) => next[name] !== this.props[name]);
  }

  render({ call, open, address }) {
    return html`<${OpenRow} name=${call.id} open=${open} address=${address}>
      <td class="nowrap" data-is="clock">${sandboxTime(call)}</td>
      <td class="nowrap c-real" data-is="real time">${timeOfDay(call.realTime)}</td>
      <td class="name">${call.endpoint}</td>
      <td class="name">${call.loginName}</td>
      <td class="name">${call.orderNumber}</td>
      <td class="num nowrap c-real">${took(call.tookMicros)}</td>
      <td class="rest"><div class="says"><span><${Code} endpoint=${call.endpoint} code=${call.code} status=${call.status} named /></span>
        <span>${call.fault != null && html`<span class="bad">Fault ${call.fault}.</span> `}${call.hint}</span></div></td><//>`;
  }
}

function sandboxTime({ time, realTime }) {
  return time.slice(0, 10) === realTime.slice(0, 10) ? time.slice(11, 19) : dateTime(time);
}

const None = () => html`<${Empty} title="No calls yet.">
  <p>Let your client call <code>${base().https + base().path}/products/…</code>, and its calls appear here at once.</p>
  <p>Or <a href=${href('try')}>try an endpoint here</a>, or see <a href=${href('use')}>how to use it</a> from curl, Python, Node, Java, Go, PHP and Rust.</p><//>`;

function Call({ id }) {
  const { data: call, error } = useData(() => callOf(id), [id, route.value.sandbox]);
  const told = error?.status === 404 ? new Error('The journal does not have this call, or no longer.') : error;
  return html`<${Detail} title=${`Call ${id}`} error=${told}>${call && html`<${Opened} call=${call} />`}<//>`;
}

function Opened({ call }) {
  const endpoint = endpointOf(call.endpoint);
  const row = codeRow(endpoint, call.code);
  return html`
    <p class="headline"><strong>${call.endpoint}</strong> <${Code} endpoint=${call.endpoint} code=${call.code} status=${call.status} named /></p>
    <p class="why">${call.hint}</p>
    ${row && html`<p class="note"><b>${minus(row.code)}</b> means: ${prose(row.meaning)}. Number <${Mark} mark=${row.numberMark} />, message <${Mark} mark=${row.messageMark} />.</p>`}
    <${Actions} call=${call} />
    <${Facts} of=${[
      ['Sandbox time', html`<${Time} at=${call.time} far />`], ['Real time', `${call.realTime.slice(0, 10)} ${timeOfDay(call.realTime)}`], ['Took', took(call.tookMicros)],
      ['loginName', call.loginName != null && html`<a href=${href('accounts', call.loginName)}>${call.loginName}</a>`],
      ['orderNumber', call.orderNumber != null && html`<a href=${href('orders', call.orderNumber)}>${call.orderNumber}</a>`],
      ['Fault', call.fault != null && html`<a href=${href('faults')}>#${call.fault}</a>`],
    ]} />
    <h3>Reply <span class="dim">HTTP ${call.status}, ${number(new TextEncoder().encode(call.reply).length)} bytes</span></h3>
    <${Bytes} text=${call.reply} label="Reply" />
    <h3>Arguments</h3>
    <${Arguments} call=${call} endpoint=${endpoint} />`;
}

function Actions({ call }) {
  const [fixture, setFixture] = useState(null);
  const again = async () => {
    const { call: made } = await post(`calls/${call.id}/again`);
    go('calls', made.id, route.value.query);
    return `Sent again: call ${made.id}.`;
  };
  return html`<p class="actions">
    <${Copy} text=${() => curl(call, base())}>Copy as curl<//>
    <${Action} run=${again}>Send again<//>
    <${Action} run=${async () => setFixture(await fixtureOf(call))}>Make this a fixture<//>
    <a class="button" href=${href('try', call.endpoint, { call: call.id })}>Change and send</a>
    ${fixture && html`<${Dialog} title=${`Fixture of call ${call.id}`} onClose=${() => setFixture(null)}>
      <p class="note">For a fixtures file (--fixtures): the account, the order as it was before the call, and the fault that it met.</p>
      <pre class="text" tabindex="0">${fixture}</pre><p class="actions"><${Copy} text=${fixture} class="primary" /></p><//>`}
  </p>`;
}

// What is at a path, or null where there is nothing.
const thing = (path) => get(path).catch((error) => { if (error.status === 404) return null; throw error; });

async function fixtureOf(call) {
  const tables = [`# Call ${call.id}: ${call.endpoint}, answered with ${call.code ?? 'HTTP ' + call.status}.\n# ${call.hint.replace(/\s+/g, ' ')}\n`];
  const account = call.loginName && (await thing('accounts/' + encodeURIComponent(call.loginName)));
  if (account) tables.push(toml('accounts', { loginName: account.loginName, loginPassword: 'password', ...account }));
  const order = call.orderNumber && (await thing('orders/' + call.orderNumber));
  if (order) tables.push(toml('orders', await orderBefore(order, call)));
  const fault = call.fault != null && (await get('faults')).faults.find(({ id }) => id === call.fault);
  if (fault) tables.push(toml('faults', { ...fault, id: null, hits: null, until: null }));
  return tables.join('\n');
}

// The order as it was when the call came, if its history tells.
async function orderBefore(order, call) {
  const { entries } = await get(`orders/${order.orderNumber}/history`);
  const at = entries.findIndex((entry) => entry.call === call.id);
  if (at < 1) return order;
  const { orderNumber, loginName, product, email, organization } = order;
  return { orderNumber, loginName, product, state: entries[at - 1].state, email, organization };
}

function Arguments({ call, endpoint }) {
  const same = (one, other) => one.name.toLowerCase() === other.name.toLowerCase();
  const rows = endpoint?.arguments || [];
  const missing = rows.filter((row) => row.need === 'required' && !call.arguments.some((sent) => same(sent, row)));
  return html`<${Table} label="Arguments" class="arguments" head=${['Name', 'Value', 'What the catalogue says']} rows=${[
    ...call.arguments.map((sent, at) => html`<tr key=${at}><th scope="row">${sent.name}</th>
      <td class="value">${sent.value === '' ? html`<i class="dim">empty</i>` : sent.value}</td><td class="wraps"><${Known} row=${rows.find((row) => same(row, sent))} /></td></tr>`),
    ...missing.map((row) => html`<tr key=${row.name} class="missing"><th scope="row">${row.name}</th><td><i>not sent</i></td><td class="wraps"><${Known} row=${row} /></td></tr>`),
  ]} />`;
}

function Known({ row }) {
  if (!row) return html`<span class="dim">not an argument of this endpoint</span>`;
  return html`<span class="dim">${kind(row)}</span> <${Mark} mark=${row.mark} /><br />${prose(row.doc)}`;
}

// One order, opened: its life as a timeline, what each endpoint would answer now, its certificate, and its fields.
import { html, useState } from './html.js';
import { download, get, patch, remove, text } from './api.js';
import { CertificateOf } from './certificate.js';
import { FieldTable } from './fields.js';
import { dateTime, relative } from './format.js';
import { Action, Code, Copy, Failure, State, ConfirmButton, Table, Time, say, useData } from './parts.js';
import { go, href, route } from './route.js';
import { changes, now, refreshSandboxes } from './store.js';
import { toml } from './toml.js';

// The states in which an order may have a certificate.
const CERTIFIED = ['issued', 'replaced', 'revoked', 'expired'];

export function Order({ number, onChange }) {
  const path = 'orders/' + encodeURIComponent(number);
  const [turn, setTurn] = useState(0);
  const { data: order, error } = useData(() => get(path), [path, turn, changes.value]);
  const back = () => go('orders', '', Object.fromEntries(route.value.query));
  const changed = () => { setTurn((value) => value + 1); onChange(); };
  const save = async (fields) => {
    await patch(path, fields);
    say('Saved.');
    changed();
  };
  const drop = async () => {
    await remove(path);
    back();
    refreshSandboxes();
    onChange();
  };
  return html`<section class="detail" aria-label=${`Order ${number}`}>
    <header><h2>Order ${number}</h2><button type="button" class="quiet" onClick=${back}>Close</button></header>
    <${Failure} error=${error} />
    ${order && html`
      <p class="headline"><${State} state=${order.state} /> <span class="dim">${order.product === 'smime' ? 'S/MIME' : 'code signing'}</span>
        ${' '}<a href=${href('accounts', order.loginName)}>${order.loginName}</a> <span class="dim">${order.email || order.organization || ''}</span></p>
      <p class="actions">
        <a class="button" href=${href('calls', '', { orderNumber: order.orderNumber })}>Its calls</a>
        <${Copy} text=${() => toml('orders', order)}>Copy as fixture<//>
        <span class="push"></span>
        <${ConfirmButton} run=${drop} done=${`Order ${number} is deleted.`} ask="Delete the order?">Delete<//></p>
      <h3>Life</h3><${Life} order=${order} path=${path} turn=${turn} />
      <h3>What each endpoint would answer now</h3><${Next} path=${path} turn=${turn} state=${order.state} />
      ${CERTIFIED.includes(order.state) && order.issued && html`<h3>Certificate</h3><${CertificateOf} order=${order} path=${path} />`}
      <h3>Files</h3><${Files} path=${path} order=${order} />
      <h3>Fields</h3><${FieldTable} schema="OrderPatch" entry=${order} save=${save} hide=${['stage', 'orderNumber']} label="Fields of the order" />`}
  </section>`;
}

const HOW = { fixtures: 'fixtures', control: 'control API', clock: 'the clock', earlier: 'earlier' };

// What the clock brings to an order, by its own fields: [what, when]. A failed issuance is the end of it.
function byClock({ state, due, expires, issuanceFails }) {
  if (state === 'being-issued' && due && issuanceFails) return [['issuance fails', due]];
  return [
    state === 'being-issued' && due && ['issued', due],
    ['being-issued', 'issued', 'replaced'].includes(state) && expires && ['expired', expires],
  ].filter(Boolean);
}

// The states that it reached, and what the clock will bring.
function Life({ order, path, turn }) {
  const { data, error } = useData(() => get(path + '/history'), [path, turn, changes.value, order.state]);
  if (error) return html`<${Failure} error=${error} />`;
  if (!data) return null;
  return html`<ol class="life">
    ${data.entries.map((entry, at) => html`<li key=${at} class=${at === data.entries.length - 1 ? 'now' : ''}>
      <${State} state=${entry.state} /> <span>${entry.time ? dateTime(entry.time) : html`<span class="dim">from the start</span>`}</span>
      ${' '}<span class="dim">${entry.call != null
        ? html`by <a href=${href('calls', entry.call)}>call ${entry.call}</a>${entry.endpoint ? ' ' + entry.endpoint : ''}`
        : `by ${HOW[entry.how] || entry.how}`}</span></li>`)}
    ${byClock(order).map(([what, at]) => html`<li key=${'later ' + what} class="later">${what === 'issuance fails' ? what : html`<${State} state=${what} />`} <span>${dateTime(at)}</span> <span class="dim">${relative(at, now.value)}, by the clock</span></li>`)}
  </ol>
  ${data.forgotten > 0 && html`<p class="note">Older changes of this sandbox are no longer kept.</p>`}`;
}

function Next({ path, turn, state }) {
  const { data, error } = useData(() => get(path + '/next'), [path, turn, state, changes.value]);
  if (error) return html`<${Failure} error=${error} />`;
  if (!data) return null;
  return html`<${Table} label="What each endpoint would answer" class="next">
    <thead><tr><th scope="col">Endpoint</th><th scope="col">Code</th><th scope="col">Then</th></tr></thead>
    <tbody>${data.endpoints.map((row, at) => html`<tr key=${at}>
      <td class="name"><a href=${href('try', row.endpoint, { orderNumber: path.slice(7) })}>${row.endpoint}</a>${row.with && html`<br /><span class="dim">${row.with.name}=${row.with.value}</span>`}</td>
      <td class="c-code" title=${row.message}><${Code} code=${row.code} /> <span class="code-name">${row.message || ''}</span></td>
      <td>${row.becomes ? html`<${State} state=${row.becomes} />` : html`<span class="dim">unchanged</span>`}
        ${row.makes && html`<br /><span class="dim">new order:</span> <${State} state=${row.makes} />`}</td></tr>`)}</tbody><//>`;
}

function Files({ path, order }) {
  const [error, setError] = useState(null);
  const file = (title, from, name) => html`<${Action} run=${() => download(from, name)} onError=${setError}>${title}<//>`;
  const stem = String(order.orderNumber);
  return html`<p class="actions">
    ${file('Certificate PEM', `${path}/certificate`, `${stem}.pem`)}
    ${file('DER', `${path}/certificate?format=der`, `${stem}.cer`)}
    ${file('Chain', `${path}/chain`, `${stem}-chain.pem`)}
    ${file('CSR', `${path}/csr`, `${stem}.csr`)}
    ${file('Private key', `${path}/key`, `${stem}.key`)}
    <${Copy} text=${() => text(`${path}/certificate`)}>Copy PEM<//></p>
    <${Failure} error=${error} />`;
}

// The view of the orders: a table that the server searches, sorts and pages, and the order that is open beside it.
import { html, useState } from './html.js';
import { download, get, patch, post, query, remove, text } from './api.js';
import { follow } from './calls.js';
import { CertificateOf } from './certificate.js';
import { toml } from './copied.js';
import { FieldTable, NewForm } from './fields.js';
import { dateTime, number, relative } from './format.js';
import { askedFor, Pages, Search, Sorted } from './paged.js';
import { Action, Code, ConfirmButton, Copy, Dialog, Empty, Failure, say, Select, State, Table, Time, useData } from './parts.js';
import { go, href, route, setQuery } from './route.js';
import { changes, now, refreshSandboxes } from './store.js';

export const STATES = ['pending', 'unpaid', 'being-issued', 'issued', 'replaced', 'revoked', 'rejected', 'expired', 'on-hold'];

export function Orders() {
  const { id, query: asked } = route.value;
  const [makes, setMakes] = useState(false);
  const wanted = query({ ...askedFor(['search', 'state', 'product', 'loginName', 'sort']), sort: asked.get('sort') || 'orderNumber' });
  const { data, error, reload } = useData(() => get('orders' + wanted), [wanted, changes.value]);
  const filtered = ['search', 'state', 'product', 'loginName'].some((name) => asked.get(name));
  const make = async (entry) => {
    const order = await post('orders', entry);
    setMakes(false);
    say(`Order ${order.orderNumber} is there.`);
    refreshSandboxes();
    reload();
    go('orders', order.orderNumber);
  };
  return html`<div class=${'split' + (id ? ' open' : '')}>
    <div class="list">
      <${Filters} total=${data?.total} filtered=${filtered} onMake=${() => setMakes(true)} />
      <${Failure} error=${error} />
      ${data && data.orders.length > 0 && html`<${Rows} orders=${data.orders} id=${Number(id)} fields=${Object.fromEntries(asked)} /><${Pages} total=${data.total} />`}
      ${data && !data.orders.length && (filtered
        ? html`<${Empty} title="No order matches."><p><a href=${href('orders')}>Show every order</a></p><//>`
        : html`<${Empty} title="No orders."><p>Let your client call !AutoApplyOrder, or make one here.</p><//>`)}
    </div>
    ${id && html`<${Order} key=${id} number=${id} onChange=${reload} />`}
    ${makes && html`<${Dialog} title="New order" onClose=${() => setMakes(false)}>
      <${NewForm} schema="NewOrder" title="Make the order" make=${make} start=${{ product: 'smime', state: 'issued', loginName: asked.get('loginName') || 'login_name' }}
        first=${['loginName', 'product', 'state', 'email', 'organization', 'orderNumber']} hide=${['stage', 'collected']} /><//>`}
  </div>`;
}

function Filters({ total, filtered, onMake }) {
  const value = (name) => route.value.query.get(name) || '';
  const set = (name) => (chosen) => setQuery({ [name]: chosen, offset: '' });
  return html`<form class="bar" role="search" onSubmit=${(event) => event.preventDefault()}>
    <${Search} label="Search orders" />
    <${Select} aria-label="State" value=${value('state')} onChange=${set('state')} options=${[['', 'every state'], ...STATES]} />
    <${Select} aria-label="Product" value=${value('product')} onChange=${set('product')} options=${[['', 'both products'], 'smime', 'code-signing']} />
    ${value('loginName') && html`<span>of <b>${value('loginName')}</b></span>`}
    ${filtered && html`<button type="button" class="quiet" onClick=${() => go('orders')}>No filter</button>`}
    <span class="push"></span>
    ${total != null && html`<span class="dim count">${number(total)} ${total === 1 ? 'order' : 'orders'}</span>`}
    <button type="button" class="primary" onClick=${onMake}>New order</button>
  </form>`;
}

function Rows({ orders, id, fields }) {
  return html`<${Table} label="Orders" class="orders">
    <thead><tr><${Sorted} name="orderNumber" /><${Sorted} name="state" /><${Sorted} name="product" class="c-product" /><${Sorted} name="loginName" class="c-login" />
      <th scope="col" class="c-for">For</th><${Sorted} name="issued" class="c-issued" /><${Sorted} name="expires" class="c-expires" /><${Sorted} name="due" class="c-due" /></tr></thead>
    <tbody>${orders.map((order) => {
      const address = href('orders', order.orderNumber, fields);
      const open = order.orderNumber === id;
      return html`<tr key=${order.orderNumber} class=${open ? 'open' : ''} onClick=${(event) => follow(event, address)}>
        <td><a class="row-link name" href=${address} aria-current=${open ? 'true' : null}>${order.orderNumber}</a></td>
        <td><${State} state=${order.state} /></td><td class="c-product nowrap">${order.product}</td><td class="name c-login">${order.loginName}</td>
        <td class="c-for">${order.email || order.organization || ''}</td>
        <td class="nowrap c-issued">${order.issued && html`<${Time} at=${order.issued} />`}</td><td class="nowrap c-expires">${order.expires && html`<${Time} at=${order.expires} />`}</td><td class="nowrap c-due">${order.due && html`<${Time} at=${order.due} />`}</td></tr>`;
    })}</tbody><//>`;
}

// One order, opened: its life as a timeline, what each endpoint would answer now, its certificate, and its fields.

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

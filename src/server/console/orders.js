// The view of the orders: a table that the server searches, sorts and pages, and the order that is open beside it.
import { html, useState } from './html.js';
import { get, post, query } from './api.js';
import { follow } from './calls.js';
import { NewForm } from './fields.js';
import { number } from './format.js';
import { Order } from './order.js';
import { Pages, Search, Sorted, askedFor } from './paged.js';
import { Dialog, Empty, Failure, Select, State, Table, Time, say, useData } from './parts.js';
import { go, href, route, setQuery } from './route.js';
import { changes, refreshSandboxes } from './store.js';

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

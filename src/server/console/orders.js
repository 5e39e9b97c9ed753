// The orders; and one of them, opened.
import { html, useState } from './html.js';
import { address, get, put, save as download, text } from './api.js';
import { FieldTable } from './fields.js';
import { dateTime, relative } from './format.js';
import { Listing, Opened, Sorted, askedFor, useOpened } from './paged.js';
import { Action, Code, Copy, Facts, Failure, OpenRow, Select, State, Table, Time, useData } from './parts.js';
import { href, route, setQuery } from './route.js';
import { changes, now, setClock, takeShown } from './store.js';

const STATES = ['pending', 'unpaid', 'being-issued', 'issued', 'replaced', 'revoked', 'rejected', 'expired', 'on-hold'];
const FILTERS = ['search', 'state', 'product', 'loginName'];

export default function Orders() {
  const { id, query } = route.value;
  const wanted = askedFor([...FILTERS, 'sort']);
  const { data, error, reload } = useData(() => get('orders' + wanted), [wanted, changes.value]);
  const value = (name) => query[name] || '';
  const choice = (name, label, all, options) => html`<${Select} aria-label=${label} value=${value(name)} onChange=${(chosen) => setQuery({ [name]: chosen, offset: '' })} options=${[['', all], ...options]} />`;
  return html`<${Listing} noun="order" name="orderNumber" filters=${FILTERS} total=${data?.total} things=${data?.orders} error=${error} reload=${reload}
    choices=${html`${choice('state', 'State', 'every state', STATES)}${choice('product', 'Product', 'both products', ['smime', 'code-signing'])}${value('loginName') && html`<span>of <b>${value('loginName')}</b></span>`}`}
    table=${(fields) => html`<${Rows} orders=${data.orders} id=${id} fields=${fields} />`}
    opened=${html`<${Order} key=${id} number=${id} onChange=${reload} />`}
    form=${{ schema: 'NewOrder', start: { product: 'smime', state: 'issued', loginName: value('loginName') || 'login_name' }, first: ['loginName', 'product', 'state', 'email', 'organization', 'orderNumber'], hide: ['stage', 'collected'] }}
    none="Let your client call !AutoApplyOrder, or make one here." />`;
}

function Rows({ orders, id, fields }) {
  const sorted = (name) => html`<${Sorted} name=${name} />`;
  return html`<${Table} label="Orders" class="orders" head=${[...['orderNumber', 'state', 'product', 'loginName'].map(sorted), 'For', ...['issued', 'expires', 'due'].map(sorted)]}
    rows=${orders.map((order) => html`<${OpenRow} key=${order.orderNumber} isCode name=${order.orderNumber} open=${String(order.orderNumber) === id} address=${href('orders', order.orderNumber, fields)}>
      <td><${State} state=${order.state} /></td><td class="nowrap">${order.product}</td><td class="name">${order.loginName}</td>
      <td class="c-for">${order.email || order.organization}</td>${['issued', 'expires', 'due'].map((name) => html`<td data-is=${name}><${Time} at=${order[name]} /></td>`)}<//>`)} />`;
}

const CERTIFIED = ['issued', 'replaced', 'revoked', 'expired'];

function Order({ number, onChange }) {
  const { data: order, error, path, turn, reload, save } = useOpened('orders', number, onChange, [changes.value]);
  const goTo = async (time) => {
    await takeShown(put('clock', { now: time }), setClock);
    reload();
    onChange();
  };
  return html`<${Opened} noun="order" id=${number} title=${`Order ${number}`} error=${error} onChange=${onChange} fixture=${order}
    headline=${order && html`<p class="headline"><${State} state=${order.state} /> <span class="dim">${order.product === 'smime' ? 'S/MIME' : 'code signing'}</span>${' '}<a href=${href('accounts', order.loginName)}>${order.loginName}</a> <span class="dim">${order.email || order.organization}</span></p>`}
    links=${html`<a class="button" href=${href('calls', '', { orderNumber: number })}>Its calls</a>`}>
    ${order && html`
      <h3>Life</h3><${Life} order=${order} path=${path} turn=${turn} goTo=${goTo} />
      <h3>What each endpoint would answer now</h3><${Next} number=${number} path=${path} turn=${turn} state=${order.state} />
      ${CERTIFIED.includes(order.state) && order.issued && html`<h3>Certificate</h3><${Certificate} order=${order} path=${path} />`}
      <h3>Files</h3><${Files} path=${path} number=${number} />
      <h3>Fields</h3><${FieldTable} schema="OrderPatch" entry=${order} save=${save} hide=${['stage', 'orderNumber']} label="Fields of the order" />`}<//>`;
}

// What the clock will bring: [what, when]. A failed issuance is the end of it.
function byClock({ state, due, expires, issuanceFails }) {
  const isDue = state === 'being-issued' && due;
  if (isDue && issuanceFails) return [['issuance fails', due]];
  const ends = ['being-issued', 'issued', 'replaced'].includes(state) && expires;
  return [isDue && ['is issued', due], ends && ['expires', expires]].filter(Boolean);
}

function Life({ order, path, turn, goTo }) {
  const { data, error } = useData(() => get(path + '/history'), [path, turn, changes.value, order.state]);
  if (!data) return html`<${Failure} error=${error} />`;
  return html`<ol class="life">
    ${data.entries.map((entry, at) => html`<li key=${at} class=${at === data.entries.length - 1 ? 'now' : ''}>
      <${State} state=${entry.state} /> <span>${entry.time ? dateTime(entry.time) : html`<span class="dim">from the start</span>`}</span>
      ${' '}<span class="dim">${entry.call != null
        ? html`by <a href=${href('calls', entry.call)}>call ${entry.call}</a> ${entry.endpoint}`
        : `by ${{ control: 'control API', clock: 'the clock' }[entry.how] || entry.how}`}</span></li>`)}
    ${byClock(order).map(([what, at]) => html`<li key=${'later ' + what} class="later"><b>${what}</b> <span>${dateTime(at)}</span> <span class="dim">${relative(at, now.value)}, by the clock</span>
      ${' '}<${Action} class="small" run=${() => goTo(at)} aria-label=${`Set the clock to ${dateTime(at)}`}>Go there<//></li>`)}
  </ol>
  ${data.forgotten > 0 && html`<p class="note">Older changes of this sandbox are no longer kept.</p>`}`;
}

function Next({ number, path, turn, state }) {
  const { data, error } = useData(() => get(path + '/next'), [path, turn, state, changes.value]);
  if (!data) return html`<${Failure} error=${error} />`;
  return html`<${Table} label="What each endpoint would answer" class="next" head=${['Endpoint', 'Code', 'Then']} rows=${data.endpoints.map((row, at) => html`<tr key=${at}>
      <td class="name"><a href=${href('try', row.endpoint, { orderNumber: number })}>${row.endpoint}</a>${row.with && html`<br /><span class="dim">${row.with.name}=${row.with.value}</span>`}</td>
      <td><${Code} code=${row.code} /> <span class="code-name">${row.message}</span></td>
      <td>${row.becomes ? html`<${State} state=${row.becomes} />` : html`<span class="dim">unchanged</span>`}
        ${row.makes && html`<br /><span class="dim">new order:</span> <${State} state=${row.makes} />`}</td></tr>`)} />`;
}

function Certificate({ order, path }) {
  const { data: said, error } = useData(() => get(path + '/certificate?format=json'), [order]);
  if (!said) return html`<${Failure} error=${error} />`;
  const values = (name) => said.extensions.find((one) => one.name === name)?.values || [];
  const [crl] = values('cRLDistributionPoints');
  const ocsp = values('authorityInfoAccess').find((place) => place.startsWith('OCSP '))?.slice(5);
  return html`
    ${said.hint && html`<p class="note">${said.hint}</p>`}
    <${Validity} from=${said.notBefore} to=${said.notAfter} revoked=${order.state === 'revoked' ? order.revocation?.at : null} />
    <${Facts} of=${[
      ['Subject', said.subject], ['Issuer', said.issuerSubject], ['SAN', values('subjectAltName').join(', ')], ['Key', said.publicKey], ['Signature', said.signatureAlgorithm],
      ['Serial number', html`<span class="name">${said.serialNumber}</span>`], ['SHA-256', html`<span class="name">${said.sha256Fingerprint}</span>`], ['Profile', said.profile],
      ['CRL', crl && html`<a href=${crl} target="_blank" rel="noreferrer">${crl}</a>`],
      ['OCSP', ocsp && html`<a href=${`${ocsp}/${encodeURIComponent(said.ocspRequest)}`} target="_blank" rel="noreferrer">${ocsp}</a> <${Copy} class="quiet small" text=${command(ocsp, order.orderNumber)}>Copy as openssl<//>`],
    ]} />
    <details><summary>${said.extensions.length} extensions</summary><${Facts} class="facts extensions"
      of=${said.extensions.map(({ name, critical, values: texts }) => [html`${name}${critical && html`<br /><span class="mark">critical</span>`}`, texts.map((text) => html`<div>${text}</div>`)])} /></details>`;
}

const command = (url, number) => `openssl ocsp -issuer ${number}-chain.pem -cert ${number}.pem -url ${url} -noverify -resp_text`;

function Validity({ from, to, revoked }) {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const share = Math.min(1, Math.max(0, (now.value - start) / (end - start)));
  const word = revoked ? 'revoked' : now.value < start ? 'not valid yet' : now.value > end ? 'expired' : `valid, ends ${relative(to, now.value)}`;
  return html`<figure class="validity">
    <div class="ends"><time datetime=${from}>${from.slice(0, 10)}</time><strong>${word}</strong><time datetime=${to}>${to.slice(0, 10)}</time></div>
    <progress class=${revoked || now.value > end ? 'over' : ''} max="1" value=${share} aria-label=${`Validity: ${Math.round(share * 100)} % is over`}></progress></figure>`;
}

function Files({ path, number }) {
  const [error, setError] = useState(null);
  const file = (title, from, end) => html`<${Action} run=${() => download(address(`${path}/${from}`), number + end)} onError=${setError}>${title}<//>`;
  return html`<p class="actions">
    ${file('Certificate PEM', 'certificate', '.pem')} ${file('DER', 'certificate?format=der', '.cer')} ${file('Chain', 'chain', '-chain.pem')}
    ${file('CSR', 'csr', '.csr')} ${file('Private key', 'key', '.key')} <${Copy} text=${() => text(path + '/certificate')}>Copy PEM<//></p>
    <${Failure} error=${error} />`;
}

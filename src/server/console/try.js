// The view to try an endpoint: its form from the catalogue, a button for each documented code, and the reply beside them.
import { html, useEffect, useRef, useState } from './html.js';
import { address, get, post, root, send } from './api.js';
import { base, kind } from './call.js';
import { curl } from './copied.js';
import { canMake, KEYS, makeCsr } from './csr.js';
import { minus } from './format.js';
import { callOf } from './journal.js';
import { Action, Bytes, Code, Copy, Empty, Failure, Mark, Select } from './parts.js';
import { provoke, recipe } from './provoke.js';
import { go, href, route } from './route.js';
import { catalogue, sandboxOf } from './store.js';

export function Try() {
  const { endpoints } = catalogue.value;
  const { id } = route.value;
  if (!endpoints.length) return null;
  const endpoint = endpoints.find(({ name }) => name === id) || (id ? null : endpoints[0]);
  return html`<div class="try">
    <div class="bar"><label class="pair"><span>Endpoint</span> <${Select} data-search value=${endpoint?.name || ''} options=${endpoints.map(({ name }) => name)} onChange=${(name) => go('try', name)} /></label>
      <span class="dim">${endpoint?.summary}</span></div>
    ${endpoint ? html`<${Endpoint} key=${endpoint.name + route.value.query} endpoint=${endpoint} />` : html`<${Empty} title=${`There is no endpoint ${id}.`}><p>Choose one above.</p><//>`}
  </div>`;
}

function Endpoint({ endpoint }) {
  const [values, setValues] = useState(() => example(endpoint));
  const [http, setHttp] = useState(false);
  const [method, setMethod] = useState('POST');
  const [reply, setReply] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => { prefill(endpoint).then((found) => found && setValues(found), setError); }, []);
  const form = () => ({ endpoint: endpoint.name, http, method, arguments: Object.entries(values).filter(([, value]) => value !== '').map(([name, value]) => ({ name, value })) });
  const answer = async (made, fixtures, words) => {
    setReply({ ...made, words, formats: fixtures ? await inEveryFormat(endpoint, made.form, made.sent, fixtures) : null });
  };
  const sendForm = async () => {
    setError(null);
    const [asked, fixtures] = [form(), await fixturesBefore(endpoint)];
    await answer({ ...(await post('calls', asked)), form: asked }, fixtures);
  };
  const press = async (found) => {
    setError(null);
    let fixtures;
    const made = await provoke(found, async () => { fixtures = found.twice ? null : await fixturesBefore(endpoint); });
    setValues({ ...empty(endpoint), ...Object.fromEntries(made.form.arguments.map(({ name, value }) => [name, value])) });
    setHttp(made.form.http);
    setMethod(made.form.method);
    await answer(made, fixtures, found.words);
  };
  return html`<div class="columns">
    <section aria-label="Call"><${Arguments} endpoint=${endpoint} values=${values} onChange=${setValues} />
      <p class="actions"><${Action} class="primary" run=${sendForm} onError=${setError}>Send<//>
        <label><input type="checkbox" checked=${http} onChange=${(event) => setHttp(event.target.checked)} /> over plain HTTP</label>
        <label><input type="checkbox" checked=${method === 'GET'} onChange=${(event) => setMethod(event.target.checked ? 'GET' : 'POST')} /> by GET</label></p></section>
    <div>
      <section aria-label="Codes"><h2>Every documented code</h2><p class="note">A button sets up what the code needs, with an account and an order of its own, and sends the call.</p>
        <div class="codes">${endpoint.codes.map(({ code, message, meaning }) => {
          const found = recipe(endpoint.name, code);
          return html`<${Action} key=${code} disabled=${!found} title=${`${meaning}${found ? `. Sends ${found.words}.` : ''}`} run=${() => press(found)} onError=${setError}>
            <b class="code bad">${minus(code)}</b> ${message.replace('xxxx', '…')}<//>`;
        })}</div></section>
      <${Failure} error=${error} />
      ${reply && html`<${Reply} ...${reply} endpoint=${endpoint} />`}
    </div></div>`;
}

const empty = (endpoint) => Object.fromEntries(endpoint.arguments.map(({ name }) => [name, '']));

// The example of the catalogue, by the names of its rows; a CSR is made when it is wanted.
function example(endpoint) {
  const values = empty(endpoint);
  for (const [name, value] of endpoint.example) {
    const row = endpoint.arguments.find((one) => one.name.toLowerCase() === name.toLowerCase());
    values[row?.name || name] = value.startsWith('@') ? '' : value;
  }
  const orderNumber = route.value.query.get('orderNumber');
  return orderNumber && 'orderNumber' in values ? { ...values, orderNumber } : values;
}

// The arguments of the call that the address names; its password is not known here.
async function prefill(endpoint) {
  const id = Number(route.value.query.get('call'));
  if (!id) return null;
  const call = await callOf(id);
  const known = call.arguments.filter(({ name, value }) => name !== '?' && value !== '***');
  return { ...empty(endpoint), ...Object.fromEntries(known.map(({ name, value }) => [endpoint.arguments.find((row) => row.name.toLowerCase() === name.toLowerCase())?.name || name, value])) };
}

// The form of an endpoint: a field for each argument of the catalogue, and a CSR made in the browser.

const IS_CSR = ['csr', 'pkcs10'];

export function Arguments({ endpoint, values, onChange }) {
  const set = (name, value) => onChange((were) => ({ ...were, [name]: value }));
  const known = new Set(endpoint.arguments.map(({ name }) => name));
  const main = endpoint.arguments.filter((row) => row.need !== 'optional' || values[row.name]);
  const rest = endpoint.arguments.filter((row) => !main.includes(row));
  const others = Object.keys(values).filter((name) => !known.has(name) && values[name] !== '');
  const row = (one) => html`<${Argument} key=${one.name} row=${one} value=${values[one.name] ?? ''} onInput=${(value) => set(one.name, value)} />`;
  return html`<form class="arguments-form" aria-label="Arguments" onSubmit=${(event) => event.preventDefault()}>
    ${main.map(row)}
    ${others.map((name) => row({ name, need: 'unknown', type: 'argument', doc: 'The endpoint does not have this argument.', mark: 'assumed' }))}
    ${rest.length > 0 && html`<details><summary>${rest.length} optional arguments</summary>${rest.map(row)}</details>`}</form>`;
}

function Argument({ row, value, onInput }) {
  const id = 'argument-' + row.name;
  const input = (event) => onInput(event.target.value);
  const common = { id, value, 'aria-describedby': id + '-note', autocomplete: 'off', spellcheck: false };
  const control = row.max > 1000
    ? html`<textarea ...${common} rows="3" onInput=${input}></textarea>`
    : row.choices
      ? html`<input ...${common} list=${id + '-list'} onInput=${input} placeholder=${row.default != null ? `default ${row.default}` : ''} /><datalist id=${id + '-list'}>${row.choices.map((choice) => html`<option value=${choice} />`)}</datalist>`
      : html`<input ...${common} type=${row.name === 'loginPassword' ? 'password' : 'text'} placeholder=${row.default != null ? `default ${row.default}` : ''} onInput=${input} />`;
  return html`<div class="argument">
    <label for=${id}><code>${row.name}</code></label> <${Mark} mark=${row.mark} />
    ${control}
    <p class="note" id=${id + '-note'}>${kind(row)}. ${row.doc}</p>
    ${IS_CSR.includes(row.name) && html`<${Csr} onMake=${onInput} />`}</div>`;
}

function Csr({ onMake }) {
  const [key, setKey] = useState('');
  if (!canMake()) return html`<p class="note">This browser makes keys only for pages from localhost or over HTTPS. Paste a CSR.</p>`;
  const make = async (kindOfKey) => {
    const made = await makeCsr(kindOfKey, 'example.com');
    setKey(made.key);
    onMake(made.csr);
  };
  return html`<p class="actions">${Object.keys(KEYS).filter((name) => name !== 'RSA 1024').map((name) => html`<${Action} class="small" key=${name} run=${() => make(name)} done="A new key and its CSR.">Make: ${name}<//>`)}
    ${key && html`<${Copy} class="small" text=${key}>Copy the private key<//>`}</p>`;
}

// The reply of a call that was sent from the page: what a client got, in each format of the endpoint.

export function Reply({ call, sent, formats, endpoint, words }) {
  const element = useRef(null);
  useEffect(() => element.current.scrollIntoView({ block: 'nearest' }), [call.id]);
  return html`<section class="answer" ref=${element} aria-label="Reply" aria-live="polite"><h2>Reply</h2>
    ${words && html`<p class="note">Sent: ${words}.</p>`}
    <p class="headline"><${Code} endpoint=${call.endpoint} code=${call.code} status=${call.status} named /></p>
    <p class="why">${call.hint}</p>
    <p class="actions"><a class="button" href=${href('calls', call.id)}>Open call ${call.id}</a><${Copy} text=${() => curl(call, base())}>Copy as curl<//></p>
    ${!sent.complete && html`<p class="failure">${sent.status ? 'The connection was cut before the reply was whole.' : 'The connection was closed without a reply.'}</p>`}
    ${formats ? formats.map(([format, one]) => html`<h3 key=${'h' + format}>responseFormat=${format} <span class="dim">${FORMATS[format]}${one.status ? `, HTTP ${one.status}, ${one.contentType || 'no type'}` : ''}</span></h3><${Body} sent=${one} label=${`Reply in format ${format}`} />`)
      : html`<h3><span class="dim">${sent.status ? `HTTP ${sent.status}, ${sent.contentType || 'no type'}` : 'nothing arrived'}</span></h3><${Body} sent=${sent} label="Reply" />
        ${formatsOf(endpoint).length < 2 && html`<p class="note">This endpoint has one format: it takes no responseFormat.</p>`}`}</section>`;
}

function Body({ sent, label }) {
  if (sent.bodyBase64 != null) return html`<p class="note">Bytes that are no text, in Base64:</p><pre class="text reply" tabindex="0" aria-label=${label}>${sent.bodyBase64}</pre>`;
  return html`<${Bytes} text=${sent.body ?? ''} label=${label} />`;
}

// The same call in each format that its endpoint has, without a trace: each other one is sent in a copy of the sandbox
// that is made for it and deleted again.

export const FORMATS = { 0: 'lines of text', 1: 'URL-encoded', 2: 'JSON' };
// A larger sandbox takes too long to copy for a glance.
const LARGEST = 5_000;

export function formatsOf(endpoint) {
  return endpoint?.arguments.find(({ name }) => name === 'responseFormat')?.choices || [];
}

const isFormat = ({ name }) => name.toLowerCase() === 'responseformat';

// What the sandbox holds before the call, for the copies; null where there is nothing to compare or it is too large.
export async function fixturesBefore(endpoint) {
  const sandbox = sandboxOf(route.value.sandbox);
  return formatsOf(endpoint).length > 1 && (sandbox?.orders ?? 0) <= LARGEST ? get('snapshot') : null;
}

// The bodies by format: [[format, body], ...], that of the call itself included.
export async function inEveryFormat(endpoint, form, sent, fixtures) {
  const own = form.arguments.find(isFormat)?.value || '0';
  return Promise.all(formatsOf(endpoint).map(async (format) => [format, format === own ? sent : await elsewhere(form, format, fixtures)]));
}

async function elsewhere(form, format, fixtures) {
  const { name } = await root('POST', 'sandboxes', { ttl: '1m', fixtures });
  try {
    const asked = { ...form, arguments: [...form.arguments.filter((one) => !isFormat(one)), { name: 'responseFormat', value: format }] };
    const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(asked) };
    return (await (await send(address('calls', name), options)).json()).sent;
  } finally {
    await root('DELETE', 'sandboxes/' + encodeURIComponent(name));
  }
}

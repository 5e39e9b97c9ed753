// An endpoint to try: its form, a button for each documented code, and the reply.
import { html, useEffect, useRef, useState } from './html.js';
import { methods, root, scope } from './api.js';
import { curl } from './copied.js';
import { KEYS, canMake, makeCsr } from './csr.js';
import { kind, minus } from './format.js';
import { callOf } from './journal.js';
import { Action, Button, Bytes, Code, Copy, Empty, Failure, Mark, Select, Text, prose } from './parts.js';
import { provoke, recipe } from './provoke.js';
import { go, href, route } from './route.js';
import { base, catalogue, sandboxOf } from './store.js';

export default function Try() {
  const { endpoints } = catalogue.value;
  const { id, key } = route.value;
  if (!endpoints.length) return null;
  const endpoint = id ? endpoints.find(({ name }) => name === id) : endpoints[0];
  return html`<div class="try">
    <div class="bar"><label class="pair"><span>Endpoint</span> <${Select} data-search value=${endpoint?.name || ''} options=${endpoints.map(({ name }) => name)} onChange=${(name) => go('try', name)} /></label>
      <span class="dim">${endpoint?.summary}</span></div>
    ${endpoint ? html`<${Endpoint} key=${endpoint.name + key} endpoint=${endpoint} />` : html`<${Empty} title=${`There is no endpoint ${id}.`}><p>Choose one above.</p><//>`}
  </div>`;
}

// What was typed, by argument: it stays when another endpoint or view is shown.
let typed = {};

function Endpoint({ endpoint }) {
  const [values, setValues] = useState(() => ({ ...example(endpoint), ...fitting(endpoint, { ...typed, ...ofAddress() }) }));
  const [http, setHttp] = useState(false);
  const [method, setMethod] = useState('POST');
  const [reply, setReply] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => { prefill(endpoint).then((found) => found && setValues(found), setError); }, []);
  const answer = async (made, fixtures, words) => {
    setReply({ ...made, words, formats: fixtures && (await inEveryFormat(endpoint, made.form, made.sent, fixtures)) });
  };
  const sendForm = async () => {
    setError(null);
    const form = { endpoint: endpoint.name, http, method, arguments: Object.entries(values).filter(([, value]) => value !== '').map(([name, value]) => ({ name, value })) };
    const here = methods(scope());
    const fixtures = await fixturesBefore(endpoint, here);
    await answer({ ...(await here.post('calls', form)), form }, fixtures);
  };
  const press = async (found) => {
    setError(null);
    let fixtures;
    const made = await provoke(found, async (here) => { fixtures = !found.twice && (await fixturesBefore(endpoint, here)); });
    await answer(made, fixtures, found.words);
  };
  const type = (name) => (value) => {
    typed = { ...typed, [name]: value };
    setValues((were) => ({ ...were, [name]: value }));
  };
  const take = (form) => {
    const taken = byName(form.arguments);
    typed = { ...typed, ...taken };
    setValues({ ...empty(endpoint), ...taken });
    setHttp(form.http);
    setMethod(form.method);
  };
  const forget = () => {
    typed = {};
    setValues(example(endpoint));
  };
  const check = (words, checked, set) => html`<label><input type="checkbox" checked=${checked} onChange=${(event) => set(event.target.checked)} /> ${words}</label>`;
  return html`<div class="columns">
    <section aria-label="Call"><${Arguments} endpoint=${endpoint} values=${values} type=${type} />
      <p class="actions"><${Action} class="primary" run=${sendForm} onError=${setError}>Send<//>
        ${check('over plain HTTP', http, setHttp)} ${check('by GET', method === 'GET', (isGet) => setMethod(isGet ? 'GET' : 'POST'))}
        ${Object.keys(fitting(endpoint, typed)).length > 0 && html`<${Button} class="quiet" onClick=${forget}>Back to the example<//>`}</p></section>
    <div>
      <section aria-label="Codes"><h2>Every documented code</h2><p class="note">A button sets up what the code needs, with an account and an order of its own, and sends the call. The form stays as it is.</p>
        <div class="codes">${endpoint.codes.map(({ code, message, meaning }) => {
          const found = recipe(endpoint.name, code);
          return html`<${Action} key=${code} title=${`${meaning}. Sends ${found.words}.`} run=${() => press(found)} onError=${setError}>
            <b class="code bad">${minus(code)}</b> ${message.replace('xxxx', '…')}<//>`;
        })}</div></section>
      <${Failure} error=${error} />
      ${reply && html`<${Reply} ...${reply} endpoint=${endpoint} take=${take} />`}
    </div></div>`;
}

const empty = (endpoint) => Object.fromEntries(endpoint.arguments.map(({ name }) => [name, '']));
// The name of an argument as the catalogue writes it.
const nameAt = (endpoint, name) => endpoint.arguments.find((row) => row.name.toLowerCase() === name.toLowerCase())?.name || name;

function example(endpoint) {
  const values = empty(endpoint);
  for (const [name, value] of endpoint.example) values[nameAt(endpoint, name)] = value.startsWith('@') ? '' : value;
  return values;
}

const byName = (pairs) => Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
// Of these values, those for arguments of the endpoint.
const fitting = (endpoint, values) => Object.fromEntries(Object.entries(values).filter(([name]) => endpoint.arguments.some((row) => row.name === name)));
const ofAddress = () => (route.value.query.orderNumber ? { orderNumber: route.value.query.orderNumber } : {});

// The arguments of the call in the address; its password is not known here.
async function prefill(endpoint) {
  const id = Number(route.value.query.call);
  if (!id) return null;
  const known = (await callOf(id)).arguments.filter(({ name, value }) => name !== '?' && value !== '***');
  return { ...empty(endpoint), ...byName(known.map(({ name, value }) => ({ name: nameAt(endpoint, name), value }))) };
}

function Arguments({ endpoint, values, type }) {
  const known = endpoint.arguments;
  const main = known.filter((row) => row.need !== 'optional' || values[row.name]);
  const rest = known.filter((row) => !main.includes(row));
  const others = Object.keys(values).filter((name) => values[name] !== '' && !known.some((row) => row.name === name));
  const row = (one) => html`<${Argument} key=${one.name} row=${one} value=${values[one.name] ?? ''} onText=${type(one.name)} />`;
  return html`<form class="arguments-form" aria-label="Arguments" onSubmit=${(event) => event.preventDefault()}>
    ${main.map(row)}
    ${others.map((name) => row({ name, need: 'unknown', type: 'argument', doc: 'The endpoint does not have this argument.', mark: 'assumed' }))}
    ${rest.length > 0 && html`<details><summary>${rest.length} optional arguments</summary>${rest.map(row)}</details>`}</form>`;
}

function Argument({ row, value, onText }) {
  const { name, choices, max } = row;
  const id = 'argument-' + name;
  const common = { id, value, 'aria-describedby': id + '-note' };
  return html`<div class="argument">
    <label for=${id}><code>${name}</code></label> <${Mark} mark=${row.mark} />
    ${max > 1000
      ? html`<textarea ...${common} rows="3" spellcheck=${false} onInput=${(event) => onText(event.target.value)}></textarea>`
      : html`<${Text} ...${common} type=${name === 'loginPassword' ? 'password' : 'text'} list=${choices && id + '-list'} placeholder=${row.default != null ? `default ${row.default}` : ''} onText=${onText} />`}
    ${choices && html`<datalist id=${id + '-list'}>${choices.map((choice) => html`<option value=${choice} />`)}</datalist>`}
    <p class="note" id=${id + '-note'}>${kind(row)}. ${prose(row.doc)}</p>
    ${['csr', 'pkcs10'].includes(name) && html`<${Csr} onMake=${onText} />`}</div>`;
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

const FORMATS = { 0: 'lines of text', 1: 'URL-encoded', 2: 'JSON' };

// What a client got, in each format of the endpoint.
function Reply({ call, sent, form, formats, endpoint, words, take }) {
  const element = useRef(null);
  useEffect(() => element.current.scrollIntoView({ block: 'nearest' }), [call.id]);
  const came = (one) => (one.status ? `HTTP ${one.status}, ${one.contentType || 'no type'}` : 'nothing arrived');
  return html`<section class="answer" ref=${element} aria-label="Reply" aria-live="polite"><h2>Reply</h2>
    ${words && html`<p class="note">Sent: ${words}.</p>`}
    <p class="headline"><${Code} endpoint=${call.endpoint} code=${call.code} status=${call.status} named /></p>
    <p class="why">${call.hint}</p>
    <p class="actions"><a class="button" href=${href('calls', call.id)}>Open call ${call.id}</a><${Copy} text=${() => curl(call, base())}>Copy as curl<//>
      ${words && html`<${Button} onClick=${() => take(form)}>Put it into the form<//>`}</p>
    ${!sent.complete && html`<p class="failure">${sent.status ? 'The connection was cut before the reply was whole.' : 'The connection was closed without a reply.'}</p>`}
    ${formats ? formats.map(([format, one]) => html`<h3 key=${'h' + format}>responseFormat=${format} <span class="dim">${FORMATS[format]}, ${came(one)}</span></h3><${Body} sent=${one} label=${`Reply in format ${format}`} />`)
      : html`<h3><span class="dim">${came(sent)}</span></h3><${Body} sent=${sent} label="Reply" />
        ${formatsOf(endpoint).length < 2 && html`<p class="note">This endpoint has one format: it takes no responseFormat.</p>`}`}</section>`;
}

function Body({ sent, label }) {
  if (sent.bodyBase64 == null) return html`<${Bytes} text=${sent.body ?? ''} label=${label} />`;
  return html`<p class="note">Bytes that are no text, in Base64:</p><pre class="text reply" tabindex="0" aria-label=${label}>${sent.bodyBase64}</pre>`;
}

// Other formats are tried in a copy of the sandbox; a larger one takes too long to copy.
const LARGEST = 5_000;

const formatsOf = (endpoint) => endpoint.arguments.find(({ name }) => name === 'responseFormat')?.choices || [];
const isFormat = ({ name }) => name.toLowerCase() === 'responseformat';

// For the copies; null where there is nothing to compare or it is too large.
async function fixturesBefore(endpoint, here) {
  const { orders = 0 } = sandboxOf(route.value.sandbox) || {};
  return formatsOf(endpoint).length > 1 && orders <= LARGEST ? here.get('snapshot') : null;
}

// [[format, body], ...], that of the call itself included.
function inEveryFormat(endpoint, form, sent, fixtures) {
  const own = form.arguments.find(isFormat)?.value || '0';
  return Promise.all(formatsOf(endpoint).map(async (format) => [format, format === own ? sent : await elsewhere(form, format, fixtures)]));
}

async function elsewhere(form, format, fixtures) {
  const { name } = await root('POST', 'sandboxes', { ttl: '1m', fixtures });
  try {
    return (await methods(scope(name)).post('calls', { ...form, arguments: [...form.arguments.filter((one) => !isFormat(one)), { name: 'responseFormat', value: format }] })).sent;
  } finally {
    await root('DELETE', scope(name).slice(0, -1));
  }
}

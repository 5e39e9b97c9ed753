// The view of the faults: a palette of the usual ones, a form for the others, and the list of those that are active.
import { html, useState } from './html.js';
import { post, remove } from './api.js';
import { inWords, matcher, minus, outcome, relative, share } from './format.js';
import { Action, ConfirmButton, Empty, Failure, Field, Select, Table } from './parts.js';
import { catalogue, endpointOf, faults, refreshFaults, tick } from './store.js';

const PALETTE = [
  ['Next call: −42', { times: 1, then: { code: -42 } }], ['Next call: −14', { times: 1, then: { code: -14 } }],
  ['Next three: 502', { times: 3, then: { status: 502, body: 'Bad Gateway' } }], ['20 %: no reply', { probability: 0.2, then: { disconnect: 'before' } }],
  ['Slow: 5 s', { then: { delay: '5s' } }], ['Trickle', { then: { throttle: 20 } }],
  ['Next call: cut', { times: 1, then: { disconnect: 'mid-body' } }], ['Next call: garbled', { times: 1, then: { garble: true } }],
];

export function Faults() {
  const add = async (fault) => { await post('faults', fault); await refreshFaults(); return `Added. ${inWords(fault)}.`; };
  return html`<div class="faults">
    <section aria-label="Palette"><h2>Add with one click</h2>
      <p class="actions">${PALETTE.map(([title, fault]) => html`<${Action} key=${title} run=${() => add(fault)}>${title}<//>`)}</p></section>
    <section><header class="row"><h2>Active</h2>
      ${faults.value.length > 1 && html`<${ConfirmButton} ask="Remove every fault?" run=${async () => { await remove('faults'); await refreshFaults(); }}>Remove all<//>`}</header>
      ${faults.value.length ? html`<${List} />` : html`<${Empty} title="No fault is active."><p>Every call is answered normally. Add one above to see how your client handles it.</p><//>`}</section>
    <section aria-label="New fault"><h2>Put one together</h2><${Builder} add=${add} /></section>
  </div>`;
}

function List() {
  return html`<${Table} label="Active faults">
    <thead><tr><th scope="col" class="num">#</th><th scope="col">Calls</th><th scope="col">What happens</th><th scope="col">How often</th><th scope="col" class="num">Hits</th><th scope="col"><span class="unseen">Remove</span></th></tr></thead>
    <tbody>${faults.value.map((fault) => html`<tr key=${fault.id}>
      <td class="num">${fault.id}</td><td>${matcher(fault)}</td><td class="bad">${outcome(fault.then)}</td>
      <td>${share({ ...fault, ttl: null }) || 'always'}${fault.until ? `, ends ${relative(fault.until, tick.value)}` : ''}</td>
      <td class="num">${fault.hits ?? 0}</td>
      <td class="num"><${Action} class="small" aria-label=${`Remove fault ${fault.id}`} run=${async () => { await remove('faults/' + fault.id); await refreshFaults(); }}>Remove<//></td></tr>`)}</tbody><//>`;
}

const ACTIONS = [
  ['code', 'Answer a code'], ['status', 'Answer an HTTP status'], ['delay', 'Answer later'], ['before', 'No reply'], ['mid-body', 'Cut in the middle'],
  ['garble', 'Garble the bytes'], ['throttle', 'Slow bytes'],
];
const VALUES = {
  code: ['Code', '-14'], status: ['HTTP status', '502'], delay: ['By', '5s'], throttle: ['Bytes a second', '100'],
};

function Builder({ add }) {
  const [fields, setFields] = useState({ action: 'code', value: '-14' });
  const [error, setError] = useState(null);
  const set = (name) => (value) => setFields((were) => ({ ...were, [name]: value }));
  const typed = (name) => (event) => set(name)(event.target.value);
  const submit = async (event) => {
    event.preventDefault();
    setError(null);
    await add(faultOf(fields)).catch(setError);
  };
  const input = (name, label, note, placeholder) => html`<${Field} label=${label} name=${name} note=${note} error=${error}>
    <input value=${fields[name] || ''} placeholder=${placeholder} autocomplete="off" spellcheck=${false} onInput=${typed(name)} /><//>`;
  const [title, example] = VALUES[fields.action] || [];
  const choose = (action) => setFields((were) => ({ ...were, action, value: VALUES[action]?.[1] || '' }));
  return html`<form onSubmit=${submit} aria-label="New fault">
    <h3>Which calls</h3><div class="fields">
      <${Field} label="endpoint" name="endpoint" error=${error}><${Select} value=${fields.endpoint || ''} onChange=${set('endpoint')} options=${[['', 'any'], ...catalogue.value.endpoints.map(({ name }) => name)]} /><//>
      ${input('loginName', 'loginName', '', 'any')} ${input('orderNumber', 'orderNumber', '', 'any')}</div>
    <h3>What happens</h3><div class="fields">
      <${Field} label="Action"><${Select} value=${fields.action} onChange=${choose} options=${ACTIONS} /><//>
      ${title && html`<${Field} label=${title} name="value" error=${valueError(error)}>${fields.action === 'code' && endpointOf(fields.endpoint)
        ? html`<${Select} value=${fields.value} onChange=${set('value')} options=${endpointOf(fields.endpoint).codes.map(({ code, message }) => [String(code), `${minus(code)} ${message}`])} />`
        : html`<input value=${fields.value} placeholder=${example} onInput=${typed('value')} />`}<//>`}
      ${fields.action === 'status' && input('body', 'Body', '', 'Bad Gateway')}</div>
    <h3>How often</h3><div class="fields">${input('times', 'times', 'At most so many calls.', 'all')} ${input('skip', 'skip', 'So many are let through first.', '0')}
      ${input('probability', 'probability', 'From 0 to 1.', '1')} ${input('ttl', 'ttl', 'Gone after this time, such as 10m.', 'never')}</div>
    <${Failure} error=${error} except=${['endpoint', 'loginName', 'orderNumber', 'times', 'skip', 'probability', 'ttl', 'body', 'then', 'then.code', 'then.status', 'then.delay', 'then.throttle']} />
    <p class="actions"><button class="primary">Add the fault</button></p></form>`;
}

// What is wrong about `then` is wrong about its value.
const valueError = (error) => (error?.field?.startsWith('then') ? { message: error.message, field: 'value' } : null);

function faultOf({ action, value, body, ...match }) {
  const fault = {};
  for (const [name, text] of Object.entries(match)) {
    const trimmed = text.trim();
    if (trimmed) fault[name] = ['orderNumber', 'times', 'skip', 'probability'].includes(name) ? numeric(trimmed) : trimmed;
  }
  fault.then = {
    code: { code: numeric(value) }, status: { status: numeric(value), ...(body ? { body } : {}) }, delay: { delay: value },
    before: { disconnect: 'before' }, 'mid-body': { disconnect: 'mid-body' }, garble: { garble: true }, throttle: { throttle: numeric(value) },
  }[action];
  return fault;
}

const numeric = (text) => (Number.isNaN(Number(text.replace('−', '-'))) ? text : Number(text.replace('−', '-')));

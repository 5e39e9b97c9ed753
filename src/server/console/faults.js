// The faults, a palette of the usual ones, and a form for others.
import { html } from './html.js';
import { post, remove } from './api.js';
import { numeric } from './fields.js';
import { inWords, matcher, minus, outcome, relative, share } from './format.js';
import { Action, ConfirmButton, Empty, Failure, Field, Select, Table, Text, useForm } from './parts.js';
import { catalogue, endpointOf, faults, refreshFaults, tick } from './store.js';

const PALETTE = [
  ['Next call: −42', { times: 1, then: { code: -42 } }], ['Next call: −14', { times: 1, then: { code: -14 } }],
  ['Next three: 502', { times: 3, then: { status: 502, body: 'Bad Gateway' } }], ['20 %: no reply', { probability: 0.2, then: { disconnect: 'before' } }],
  ['Slow: 5 s', { then: { delay: '5s' } }], ['Trickle', { then: { throttle: 20 } }],
  ['Next call: cut', { times: 1, then: { disconnect: 'mid-body' } }], ['Next call: garbled', { times: 1, then: { garble: true } }],
];

export default function Faults() {
  const list = faults.value;
  const add = async (fault) => { await post('faults', fault); await refreshFaults(); return `Added. ${inWords(fault)}.`; };
  const drop = (path) => async () => { await remove(path); await refreshFaults(); };
  return html`<div class="faults">
    <section aria-label="Palette"><h2>Add with one click</h2>
      <p class="actions">${PALETTE.map(([title, fault]) => html`<${Action} key=${title} title=${inWords(fault)} run=${() => add(fault)}>${title}<//>`)}</p></section>
    <section><header class="row"><h2>Active</h2>${list.length > 1 && html`<${ConfirmButton} ask="Remove every fault?" run=${drop('faults')}>Remove all<//>`}</header>
      ${list.length ? html`<${Table} label="Active faults" head=${[['#', 'num'], 'Calls', 'What happens', 'How often', ['Hits', 'num'], ['', '', 'Remove']]} rows=${list.map((fault) => html`<tr key=${fault.id}>
        <td class="num">${fault.id}</td><td>${matcher(fault)}</td><td class="bad">${outcome(fault.then)}</td>
        <td>${share({ ...fault, ttl: null }) || 'always'}${fault.until ? `, ends ${relative(fault.until, tick.value)}` : ''}</td><td class="num" data-is="hits">${fault.hits ?? 0}</td>
        <td class="act"><${Action} class="small" aria-label=${`Remove fault ${fault.id}`} run=${drop('faults/' + fault.id)}>Remove<//></td></tr>`)} />`
        : html`<${Empty} title="No fault is active."><p>Every call is answered normally. Add one above to see how your client handles it.</p><//>`}</section>
    <section aria-label="New fault"><h2>Put one together</h2><${Builder} add=${add} /></section>
  </div>`;
}

// What happens: its name, what its value is called, an example, and the fault's `then`.
const ACTIONS = {
  code: ['Answer a code', 'Code', '-14', (value) => ({ code: numeric(value) })],
  status: ['Answer an HTTP status', 'HTTP status', '502', (value, body) => ({ status: numeric(value), ...(body ? { body } : {}) })],
  delay: ['Answer later', 'By', '5s', (delay) => ({ delay })],
  before: ['No reply', '', '', () => ({ disconnect: 'before' })],
  'mid-body': ['Cut in the middle', '', '', () => ({ disconnect: 'mid-body' })],
  garble: ['Garble the bytes', '', '', () => ({ garble: true })],
  throttle: ['Slow bytes', 'Bytes a second', '100', (value) => ({ throttle: numeric(value) })],
};
const NUMBERS = ['orderNumber', 'times', 'skip', 'probability'];
const SHOWN = [...NUMBERS, 'endpoint', 'loginName', 'ttl'];

function Builder({ add }) {
  const { fields, setFields, set, input, error, submit } = useForm({ action: 'code', value: '-14' });
  const { action, value, body, ...match } = fields;
  const [, title, example, then] = ACTIONS[action];
  // What is wrong about `then` is wrong about its value.
  const ofValue = Boolean(title) && error?.field?.startsWith('then');
  const send = () => {
    const typed = Object.entries(match).filter(([, text]) => text.trim()).map(([name, text]) => [name, NUMBERS.includes(name) ? numeric(text.trim()) : text.trim()]);
    return add({ ...Object.fromEntries(typed), then: then(value, body) });
  };
  const codes = action === 'code' && endpointOf(match.endpoint)?.codes;
  return html`<form onSubmit=${submit(send)} aria-label="New fault">
    <h3>Which calls</h3><div class="fields">
      <${Field} label="endpoint" name="endpoint" error=${error}><${Select} value=${match.endpoint || ''} onChange=${set('endpoint')} options=${[['', 'any'], ...catalogue.value.endpoints.map(({ name }) => name)]} /><//>
      ${input('loginName', 'any')} ${input('orderNumber', 'any')}</div>
    <h3>What happens</h3><div class="fields">
      <${Field} label="Action"><${Select} value=${action} options=${Object.entries(ACTIONS).map(([name, [words]]) => [name, words])}
        onChange=${(chosen) => setFields((were) => ({ ...were, action: chosen, value: ACTIONS[chosen][2] }))} /><//>
      ${title && html`<${Field} label=${title} name="value" error=${ofValue && { message: error.message, field: 'value' }}>${codes
        ? html`<${Select} value=${value} onChange=${set('value')} options=${codes.map(({ code, message }) => [String(code), `${minus(code)} ${message}`])} />`
        : html`<${Text} value=${value} placeholder=${example} onText=${set('value')} />`}<//>`}
      ${action === 'status' && input('body', 'empty', '', 'Body')}</div>
    <h3>How often</h3><div class="fields">${input('times', 'all', 'At most so many calls.')} ${input('skip', '0', 'So many are let through first.')}
      ${input('probability', '1', 'From 0 to 1.')} ${input('ttl', 'never', 'Gone after this time, such as 10m.')}</div>
    ${!ofValue && html`<${Failure} error=${error} except=${SHOWN} />`}
    <p class="actions"><button class="primary">Add the fault</button></p></form>`;
}

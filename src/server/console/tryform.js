// The form of an endpoint: a field for each argument of the catalogue, and a CSR made in the browser.
import { html, useState } from './html.js';
import { kind } from './call.js';
import { KEYS, canMake, makeCsr } from './csr.js';
import { Action, Copy, Mark } from './parts.js';

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

// Fields that are changed in place, and forms for what is made: for orders and accounts alike.
import { html, useLayoutEffect, useRef, useState } from './html.js';
import { root } from './api.js';
import { Failure, Field, Table, useData } from './parts.js';

export function Input({ field, value, onInput, ...rest }) {
  const common = { ...rest, value, 'aria-label': rest['aria-label'] };
  if (field.choices || field.kind === 'boolean') {
    const choices = ['', ...(field.choices || ['true', 'false'])];
    return html`<select ...${common} onChange=${(event) => onInput(event.target.value)}>
      ${choices.map((choice) => html`<option key=${choice} value=${choice} selected=${choice === value}>${choice || '–'}</option>`)}</select>`;
  }
  if (field.name === 'csr') return html`<textarea ...${common} rows="4" spellcheck=${false} onInput=${(event) => onInput(event.target.value)}></textarea>`;
  const type = field.name.endsWith('Password') ? 'password' : 'text';
  return html`<input type=${type} ...${common} autocomplete="off" spellcheck=${false} onInput=${(event) => onInput(event.target.value)} />`;
}

// Every field of an entry, each with a button to change it. `save` is handed the changed field alone.
export function FieldTable({ schema, entry, save, hide = [], label }) {
  const { data: fields, error } = useData(() => fieldsOf(schema), [schema]);
  const [open, setOpen] = useState('');
  if (error) return html`<${Failure} error=${error} />`;
  if (!fields) return null;
  return html`<${Table} label=${label} class="entry">
    <thead><tr><th scope="col">Field</th><th scope="col">Value</th><th scope="col"><span class="unseen">Change</span></th></tr></thead>
    <tbody>${fields.filter(({ name }) => !hide.includes(name)).map((field) => html`<tr key=${field.name}>
      <th scope="row" title=${field.doc}>${field.name}</th>
      ${open === field.name
        ? html`<td colspan="2"><${Change} field=${field} value=${entry[field.name]} save=${save} close=${() => setOpen('')} /></td>`
        : html`<td class="value">${shown(entry[field.name])}</td>
          <td class="num"><button type="button" class="quiet small" aria-label=${'Change ' + field.name} onClick=${() => setOpen(field.name)}>Change</button></td>`}
    </tr>`)}</tbody><//>`;
}

const shown = (value) => (value == null ? html`<span class="dim">–</span>` : Array.isArray(value) && !value.length ? '[]' : written(value));

function Change({ field, value, save, close }) {
  const [text, setText] = useState(field.name === 'loginPassword' ? '' : written(value));
  const [error, setError] = useState(null);
  const form = useRef(null);
  // Before anything can be typed that would go elsewhere.
  useLayoutEffect(() => { form.current.querySelector('input, select, textarea').focus(); }, []);
  const submit = async (event) => {
    event.preventDefault();
    try {
      await save({ [field.name]: read(text, field.kind) });
      close();
    } catch (failed) {
      setError(failed);
    }
  };
  const keys = (event) => { if (event.key === 'Escape') { event.stopPropagation(); close(); } };
  return html`<form ref=${form} class=${'change' + (error ? ' wrong' : '')} onSubmit=${submit} onKeyDown=${keys}>
    <${Input} field=${field} value=${text} onInput=${setText} aria-label=${field.name} aria-invalid=${String(Boolean(error))} />
    <button class="primary">Save</button><button type="button" class="quiet" onClick=${close}>Cancel</button>
    <p class="note">${field.doc}${text === '' ? '' : ' Empty removes it.'}</p>
    ${error && html`<p class="wrong-note" role="alert">${error.message}</p>`}
  </form>`;
}

// A form for something new: the `first` fields at once, the others when they are asked for.
export function NewForm({ schema, first, start = {}, make, title, hide = [] }) {
  const { data: fields } = useData(() => fieldsOf(schema), [schema]);
  const [values, setValues] = useState(start);
  const [error, setError] = useState(null);
  const [sends, setSends] = useState(false);
  if (!fields) return null;
  const submit = async (event) => {
    event.preventDefault();
    setSends(true);
    setError(null);
    const entry = {};
    for (const field of fields) {
      const value = read(values[field.name] || '', field.kind);
      if (value !== null) entry[field.name] = value;
    }
    await make(entry).catch(setError);
    setSends(false);
  };
  const control = (field) => html`<${Field} key=${field.name} name=${field.name} label=${field.name} note=${field.doc} error=${error}>
    <${Input} field=${field} value=${values[field.name] || ''} onInput=${(value) => setValues((were) => ({ ...were, [field.name]: value }))} /><//>`;
  const shownFirst = first.map((name) => fields.find((field) => field.name === name)).filter(Boolean);
  const others = fields.filter(({ name }) => !first.includes(name) && !hide.includes(name));
  return html`<form class="new" onSubmit=${submit} aria-label=${title}>
    <div class="fields">${shownFirst.map(control)}</div>
    <details open=${others.some(({ name }) => error?.field === name)}><summary>Other fields</summary><div class="fields">${others.map(control)}</div></details>
    <${Failure} error=${error} except=${fields.map(({ name }) => name)} />
    <p class="actions"><button class="primary" disabled=${sends}>${title}</button></p>
  </form>`;
}

// Which fields an order and an account have, from the OpenAPI document: their kinds, choices and words.

let document;

// The fields of a schema: { name, kind, choices, doc }.
export async function fieldsOf(schema) {
  document ??= root('GET', 'openapi.json').catch((error) => { document = undefined; throw error; });
  const { schemas } = (await document).components;
  const { properties } = schemas[schema];
  return Object.entries(properties).map(([name, property]) => describe(name, property, schemas));
}

function describe(name, property, schemas) {
  const found = resolved(property, schemas);
  const types = [found.type].flat().filter((type) => type !== 'null');
  return { name, kind: kindOf(found, types), choices: found.enum, doc: property.description || found.said || found.description || '' };
}

// Behind `oneOf` with null and `$ref`.
function resolved(property, schemas) {
  const inner = (property.oneOf || []).find((one) => one.type !== 'null') || property;
  if (!inner.$ref) return { ...inner, said: property.description };
  return { ...schemas[inner.$ref.split('/').pop()], said: inner.description };
}

function kindOf(found, types) {
  if (found.enum) return 'choice';
  if (types.includes('boolean')) return 'boolean';
  if (types.includes('integer') || types.includes('number')) return 'number';
  if (types.includes('array')) return found.items?.type === 'string' ? 'texts' : 'numbers';
  if (types.includes('object')) return 'object';
  return found.oneOf ? 'any' : 'text';
}

// A value as it is written in an input, and back.
export function written(value) {
  if (value == null) return '';
  if (Array.isArray(value)) return value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : item)).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function read(text, kind) {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (kind === 'number') return numeric(trimmed);
  if (kind === 'numbers') return list(trimmed).map(numeric);
  if (kind === 'texts') return trimmed === '[]' ? [] : list(trimmed);
  if (kind === 'boolean') return trimmed === 'true';
  if (kind === 'object') return json(trimmed);
  if (kind === 'any') return trimmed === 'true' ? true : trimmed === 'false' ? false : trimmed;
  return text;
}

const list = (text) => text.split(',').map((part) => part.trim()).filter(Boolean);
// What is no number is sent as it is, for the server to say what is taken.
const numeric = (text) => (/^-?\d+$/.test(text) ? Number(text) : text);

function json(text) {
  try { return JSON.parse(text); } catch { return text; }
}

// Fields changed in place, and forms for what is made, as the OpenAPI document has them.
import { html, useLayoutEffect, useRef, useState } from './html.js';
import { parse, root, stringify } from './api.js';
import { Button, Failure, Field, Select, Table, Text, prose, useData, useForm } from './parts.js';

function Input({ field, onInput, ...rest }) {
  const choices = field.kind === 'boolean' ? ['true', 'false'] : field.choices;
  if (choices) return html`<${Select} ...${rest} onChange=${onInput} options=${[['', '–'], ...choices]} />`;
  if (field.name === 'csr') return html`<textarea ...${rest} rows="4" spellcheck=${false} onInput=${(event) => onInput(event.target.value)}></textarea>`;
  return html`<${Text} type=${field.name.endsWith('Password') ? 'password' : 'text'} ...${rest} onText=${onInput} />`;
}

// Every field of an entry; `save` is handed the one that was changed.
export function FieldTable({ schema, entry, save, hide = [], label }) {
  const { data: fields, error } = useData(() => fieldsOf(schema), [schema]);
  const [open, setOpen] = useState('');
  if (!fields) return html`<${Failure} error=${error} />`;
  const row = (field) => {
    const { name, doc } = field;
    const value = entry[name];
    return html`<tr key=${name}><th scope="row" title=${doc}>${name}</th>${open === name
      ? html`<td colspan="2"><${Change} field=${field} value=${value} save=${save} close=${() => setOpen('')} /></td>`
      : html`<td class="value">${value == null ? html`<span class="dim">–</span>` : Array.isArray(value) && !value.length ? '[]' : written(value)}</td>
        <td class="act"><${Button} class="quiet small" aria-label=${'Change ' + name} onClick=${() => setOpen(name)}>Change<//></td>`}</tr>`;
  };
  return html`<${Table} label=${label} class="entry" head=${['Field', 'Value', ['', '', 'Change']]} rows=${fields.filter(({ name }) => !hide.includes(name)).map(row)} />`;
}

function Change({ field, value, save, close }) {
  const { fields: { text }, set, error, submit } = useForm({ text: field.name === 'loginPassword' ? '' : written(value) });
  const form = useRef(null);
  // Before anything can be typed that would go elsewhere.
  useLayoutEffect(() => { form.current.querySelector('input, select, textarea').focus(); }, []);
  const keys = (event) => { if (event.key === 'Escape') { event.stopPropagation(); close(); } };
  return html`<form ref=${form} class=${'change' + (error ? ' wrong' : '')} onSubmit=${submit(() => save({ [field.name]: read(text, field.kind) }).then(close))} onKeyDown=${keys}>
    <${Input} field=${field} value=${text} onInput=${set('text')} aria-label=${field.name} aria-invalid=${String(Boolean(error))} />
    <button class="primary">Save</button><${Button} class="quiet" onClick=${close}>Cancel<//>
    <p class="note">${prose(field.doc)}${text === '' ? '' : ' Empty removes it.'}</p>
    ${error && html`<p class="wrong-note" role="alert">${error.message}</p>`}
  </form>`;
}

// For something new: the `first` fields at once, the others when they are asked for.
export function NewForm({ schema, first, start = {}, make, title, hide = [] }) {
  const { data: fields, error: unread } = useData(() => fieldsOf(schema), [schema]);
  const { fields: values, set, error, submit } = useForm(start);
  const [sends, setSends] = useState(false);
  if (!fields) return html`<${Failure} error=${unread} />`;
  const send = () => {
    setSends(true);
    const entry = fields.map(({ name, kind }) => [name, read(values[name] || '', kind)]).filter(([, value]) => value !== null);
    return make(Object.fromEntries(entry)).finally(() => setSends(false));
  };
  const control = (field) => html`<${Field} key=${field.name} name=${field.name} label=${field.name} note=${field.doc} error=${error}>
    <${Input} field=${field} value=${values[field.name] || ''} onInput=${set(field.name)} /><//>`;
  const others = fields.filter(({ name }) => !first.includes(name) && !hide.includes(name));
  return html`<form onSubmit=${submit(send)} aria-label=${title}>
    <div class="fields">${first.map((name) => fields.find((field) => field.name === name)).filter(Boolean).map(control)}</div>
    <details open=${others.some(({ name }) => error?.field === name)}><summary>Other fields</summary><div class="fields">${others.map(control)}</div></details>
    <${Failure} error=${error} except=${fields.map(({ name }) => name)} />
    <p class="actions"><button class="primary" disabled=${sends}>${title}</button></p>
  </form>`;
}

let openapi;

// The fields of a schema: { name, kind, choices, doc }.
async function fieldsOf(schema) {
  openapi ??= root('GET', 'openapi.json').catch((error) => { openapi = undefined; throw error; });
  const { schemas } = (await openapi).components;
  return Object.entries(schemas[schema].properties).map(([name, property]) => {
    const found = resolved(property, schemas);
    return { name, kind: kindOf(found), choices: found.enum, doc: property.description || found.said || found.description || '' };
  });
}

// Behind `oneOf` with null and `$ref`.
function resolved(property, schemas) {
  const inner = (property.oneOf || []).find((one) => one.type !== 'null') || property;
  if (!inner.$ref) return { ...inner, said: property.description };
  return { ...schemas[inner.$ref.split('/').pop()], said: inner.description };
}

function kindOf(found) {
  const type = [found.type].flat().find((one) => one !== 'null');
  if (found.enum) return 'choice';
  if (type === 'integer') return 'number';
  if (type === 'array') return found.items?.type === 'string' ? 'texts' : 'numbers';
  if (type === 'string' || !type) return found.oneOf ? 'any' : 'text';
  return type;
}

// A value as it is written in an input, and back.
export function written(value) {
  if (value == null) return '';
  if (Array.isArray(value)) return value.map((item) => (typeof item === 'object' ? stringify(item) : item)).join(', ');
  return typeof value === 'object' ? stringify(value) : String(value);
}

function read(text, kind) {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const list = () => trimmed.split(',').map((part) => part.trim()).filter(Boolean);
  switch (kind) {
    case 'number': return numeric(trimmed);
    case 'numbers': return list().map(numeric);
    case 'texts': return trimmed === '[]' ? [] : list();
    case 'boolean': return trimmed === 'true';
    case 'object': return json(trimmed);
    case 'any': return { true: true, false: false }[trimmed] ?? trimmed;
    default: return text;
  }
}

// What is no number is sent as it is: the server says what is taken.
export function numeric(text) {
  const value = text.replace('−', '-');
  return /^-?\d+(\.\d+)?$/.test(value) ? json(value.replace(/^(-?)0+(?=\d)/, '$1')) : text;
}

function json(text) {
  try { return parse(text); } catch { return text; }
}

// Small things that every view is made of: buttons, fields, words with a colour, messages, and data that is fetched.
import { cloneElement, Fragment, html, signal, useEffect, useId, useRef, useState } from './html.js';
import { codeClass, codeRow, dateTime, minus, relative } from './format.js';
import { route, setQuery } from './route.js';
import { endpointOf, now } from './store.js';

// What was done last, for the eye and for screen readers.
export const said = signal('');
let silence;
export function say(text) {
  said.value = text;
  clearTimeout(silence);
  silence = setTimeout(() => { said.value = ''; }, 4_000);
}

export function Code({ endpoint, code, status, named }) {
  const row = named && codeRow(endpointOf(endpoint), code);
  return html`<span class=${'code ' + codeClass(code, status)}>${code == null ? `HTTP ${status}` : minus(code)}</span>
    ${row && html`<span class="code-name">${row.message.replace('xxxx', '…')}</span>`}`;
}

export const State = ({ state }) => html`<span class=${'state state-' + state}>${state}</span>`;

export const Mark = ({ mark }) => html`<span class=${'mark mark-' + mark}>${mark}</span>`;

// A time, and how far it is from the sandbox's present.
export function Time({ at, far }) {
  if (!at) return html`<span class="dim">–</span>`;
  return html`<time datetime=${at} title=${at}>${dateTime(at)}</time>
    ${far && html` <span class="dim nowrap">${relative(at, now.value)}</span>`}`;
}

// The text of an error; that of a field belongs beside it, and is left out here when `except` says so.
export function Failure({ error, except = [] }) {
  if (!error || (error.field && except.includes(error.field))) return null;
  return html`<p class="failure" role="alert">${error.field && html`<strong>${error.field}: </strong>`}${error.message}</p>`;
}

export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2>${children}</div>`;

// A labelled control, with what it is for and what is wrong about it; `after` stands beside the control.
export function Field({ label, error, note, children, name, after }) {
  const id = useId();
  const wrong = error && (error.field === name || error.field?.endsWith('.' + name));
  const describes = [note && id + '-note', wrong && id + '-wrong'].filter(Boolean).join(' ') || null;
  const control = cloneElement(children, { id, 'aria-describedby': describes, 'aria-invalid': wrong ? 'true' : null });
  return html`<div class=${'field' + (wrong ? ' wrong' : '')}><label class="label" for=${id}>${label}</label>
    ${after ? html`<span class="pair">${control}${after}</span>` : control}
    ${note && html`<span class="note" id=${id + '-note'}>${note}</span>`}
    ${wrong && html`<span class="wrong-note" role="alert" id=${id + '-wrong'}>${error.message}</span>`}</div>`;
}

// A part of the address that is typed; it gets there when nothing was typed for a moment.
export function Filter({ name, label, ...rest }) {
  const [typed, setTyped] = useState(null);
  useEffect(() => {
    if (typed === null) return undefined;
    const waits = setTimeout(() => { setQuery({ [name]: typed, offset: '' }); setTyped(null); }, 200);
    return () => clearTimeout(waits);
  }, [typed]);
  return html`<input type="search" aria-label=${label} placeholder=${label} ...${rest}
    value=${typed ?? route.value.query.get(name) ?? ''} onInput=${(event) => setTyped(event.target.value)} />`;
}

export function Select({ value, options, onChange, ...rest }) {
  return html`<select value=${value} onChange=${(event) => onChange(event.target.value)} ...${rest}>
    ${options.map((option) => {
      const [name, title] = Array.isArray(option) ? option : [option, option];
      return html`<option key=${name} value=${name} selected=${name === value}>${title}</option>`;
    })}
  </select>`;
}

// Runs what may fail; the button cannot be pressed meanwhile.
export function Action({ run, children, done, onError, ...rest }) {
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      const text = await run();
      if (done || typeof text === 'string') say(done || text);
    } catch (error) {
      if (onError) onError(error); else say(error.message);
    } finally {
      setBusy(false);
    }
  };
  return html`<button type="button" disabled=${busy} onClick=${act} ...${rest}>${children}</button>`;
}

// A button for what cannot be undone: it asks once more, for some seconds.
export function ConfirmButton({ run, children, ask, done, ...rest }) {
  const [asks, setAsks] = useState(false);
  useEffect(() => {
    if (!asks) return undefined;
    const calm = setTimeout(() => setAsks(false), 5_000);
    return () => clearTimeout(calm);
  }, [asks]);
  if (!asks) return html`<button type="button" onClick=${() => setAsks(true)} ...${rest}>${children}</button>`;
  return html`<${Action} class="danger" run=${async () => { const text = await run(); setAsks(false); return text; }} done=${done}>${ask}<//>`;
}

export function Copy({ text, children, ...rest }) {
  const copy = async () => { await toClipboard(await (typeof text === 'function' ? text() : text)); };
  return html`<${Action} run=${copy} done="Copied." ...${rest}>${children || 'Copy'}<//>`;
}

async function toClipboard(text) {
  if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const taken = document.execCommand('copy');
  area.remove();
  if (!taken) throw new Error('The browser does not let this page copy.');
  return undefined;
}

// Text to be copied, in a window over the page.
export function TextDialog({ title, text, note, onClose }) {
  return html`<${Dialog} title=${title} onClose=${onClose}>
    ${note && html`<p class="note">${note}</p>`}
    <pre class="text" tabindex="0">${text}</pre>
    <p class="actions"><${Copy} text=${text} class="primary">Copy<//></p>
  <//>`;
}

export function Dialog({ title, onClose, children }) {
  const element = useRef(null);
  useEffect(() => { element.current.showModal(); }, []);
  return html`<dialog ref=${element} onClose=${onClose} aria-label=${title}
      onClick=${(event) => event.target === element.current && element.current.close()}>
    <div class="dialog">
      <header><h2>${title}</h2><button type="button" class="quiet" onClick=${() => element.current.close()}>Close</button></header>
      ${children}
    </div>
  </dialog>`;
}

// A table that scrolls sideways by itself where it does not fit.
export const Table = ({ label, children, ...rest }) => html`
  <div class="table" role="region" aria-label=${label} tabindex="0"><table ...${rest}>${children}</table></div>`;

// Data that is fetched when one of `on` changes: { data, error, reload }. What was there stays until the new is.
export function useData(fetcher, on) {
  const [state, setState] = useState({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let shown = true;
    const failed = (error) => shown && setState({ error });
    Promise.resolve().then(fetcher).then((data) => shown && setState({ data }), failed);
    return () => { shown = false; };
  }, [...on, turn]);
  return { ...state, reload: () => setTurn((value) => value + 1) };
}

// A reply to the byte: line ends are shown, and nothing of it is markup.
export function Bytes({ text, label }) {
  if (text === '') return html`<p class="note">The body is empty.</p>`;
  const lines = text.split(/(\r\n|\n|\r)/);
  return html`<pre class="text reply" tabindex="0" aria-label=${label}>${lines.map((part) => {
    if (part === '\n') return html`<${Fragment}><span class="eol" title="line feed">LF</span>${'\n'}<//>`;
    if (part === '\r\n') return html`<${Fragment}><span class="eol" title="carriage return, line feed">CR LF</span>${'\n'}<//>`;
    if (part === '\r') return html`<${Fragment}><span class="eol" title="carriage return">CR</span>${'\n'}<//>`;
    return part;
  })}</pre>`;
}

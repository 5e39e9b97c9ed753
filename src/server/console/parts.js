// What every view is made of.
import { cloneElement, html, signal, useEffect, useId, useRef, useState } from './html.js';
import { codeClass, codeRow, dateTime, minus, relative } from './format.js';
import { href, route, setQuery } from './route.js';
import { endpointOf, now } from './store.js';

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

// A mark of the catalogue; with --checked, as `documented, checked (FILE, DATE, SERVER)`.
export function Mark({ mark }) {
  const [, known, word, source] = /^(\w+)(?:, (\w+) \((.*)\))?$/.exec(mark) || [mark, mark];
  return html`<span class=${'mark ' + known}>${known}</span>${word && html` <span class=${'mark ' + word} title=${source}>${word}</span>`}`;
}

export function Time({ at, far }) {
  if (!at) return null;
  return html`<time datetime=${at} title=${at}>${dateTime(at)}</time>${far && html` <span class="dim nowrap">${relative(at, now.value)}</span>`}`;
}

// An error; that of a field that is in `except` stands beside it.
export function Failure({ error, except = [] }) {
  if (!error || except.includes(error.field)) return null;
  return html`<p class="failure" role="alert">${error.field && html`<strong>${error.field}: </strong>`}${error.message}</p>`;
}

// A text of the emulator's documents, with what stands between back-ticks as code.
export const prose = (text) => text.split('`').map((part, at) => (at % 2 ? html`<code>${part}</code>` : part));

export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2>${children}</div>`;

// A labelled control, with a note and what is wrong about it; `after` stands beside it.
export function Field({ label, error, note, children, name, after }) {
  const id = useId();
  const wrong = error && (error.field === name || error.field?.endsWith('.' + name));
  const describes = [note && id + '-note', wrong && id + '-wrong'].filter(Boolean).join(' ') || null;
  const control = cloneElement(children, { id, 'aria-describedby': describes, 'aria-invalid': wrong ? 'true' : null });
  return html`<div class=${'field' + (wrong ? ' wrong' : '')}><label class="label" for=${id}>${label}</label>
    ${after ? html`<span class="pair">${control}${after}</span>` : control}
    ${note && html`<span class="note" id=${id + '-note'}>${prose(note)}</span>`}
    ${wrong && html`<span class="wrong-note" role="alert" id=${id + '-wrong'}>${error.message}</span>`}</div>`;
}

export const Text = ({ onText, ...rest }) => html`<input autocomplete="off" spellcheck=${false} onInput=${(event) => onText(event.target.value)} ...${rest} />`;

// A part of the address, which gets there when nothing was typed for a moment.
export function Filter({ name, label, ...rest }) {
  const [typed, setTyped] = useState(null);
  useEffect(() => {
    if (typed === null) return undefined;
    const waits = setTimeout(() => { setQuery({ [name]: typed, offset: '' }); setTyped(null); }, 200);
    return () => clearTimeout(waits);
  }, [typed]);
  return html`<${Text} type="search" aria-label=${label} placeholder=${label} ...${rest} value=${typed ?? route.value.query[name] ?? ''} onText=${setTyped} />`;
}

// The field that `/` goes to.
export const Search = ({ label, name = 'search' }) => html`<${Filter} name=${name} label=${label} placeholder=${`${label}  /`} class="wide" data-search />`;

// A form of texts: their values, how one is set and drawn, what is wrong, and what sends them.
export function useForm(start) {
  const [fields, setFields] = useState(start);
  const [error, setError] = useState(null);
  const set = (name) => (value) => setFields((were) => ({ ...were, [name]: value }));
  const submit = (run) => (event) => {
    event.preventDefault();
    setError(null);
    return run().catch(setError);
  };
  const input = (name, placeholder, note, label = name) => html`<${Field} label=${label} name=${name} note=${note} error=${error}>
    <${Text} value=${fields[name] || ''} placeholder=${placeholder} onText=${set(name)} /><//>`;
  return { fields, setFields, set, input, error, submit };
}

export function Select({ value, options, onChange, ...rest }) {
  return html`<select value=${value} onChange=${(event) => onChange(event.target.value)} ...${rest}>
    ${options.map((option) => {
      const [name, title] = [option].flat();
      return html`<option key=${name} value=${name} selected=${name === value}>${title ?? name}</option>`;
    })}
  </select>`;
}

export const Button = ({ children, ...rest }) => html`<button type="button" ...${rest}>${children}</button>`;

export function Action({ run, done, onError = (error) => say(error.message), disabled, ...rest }) {
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      const text = await run();
      if (done || typeof text === 'string') say(done || text);
    } catch (error) {
      onError(error);
    } finally {
      setBusy(false);
    }
  };
  return html`<${Button} disabled=${busy || disabled} onClick=${act} ...${rest} />`;
}

// A button for what cannot be undone: it asks once more, for some seconds.
export function ConfirmButton({ run, ask, done, ...rest }) {
  const [asks, setAsks] = useState(false);
  useEffect(() => {
    const calm = setTimeout(() => setAsks(false), 5_000);
    return () => clearTimeout(calm);
  }, [asks]);
  if (!asks) return html`<${Button} onClick=${() => setAsks(true)} ...${rest} />`;
  return html`<${Action} class="danger" run=${async () => { await run(); setAsks(false); }} done=${done}>${ask}<//>`;
}

export function Copy({ text, children = 'Copy', ...rest }) {
  const copy = async () => toClipboard(await (typeof text === 'function' ? text() : text));
  return html`<${Action} run=${copy} done="Copied." ...${rest}>${children}<//>`;
}

async function toClipboard(text) {
  if (isSecureContext) return navigator.clipboard.writeText(text);
  document.addEventListener('copy', (event) => { event.preventDefault(); event.clipboardData.setData('text/plain', text); }, { once: true });
  if (!document.execCommand('copy')) throw new Error('The browser does not let this page copy.');
  return undefined;
}

export function Dialog({ title, onClose, children }) {
  const element = useRef(null);
  const close = () => element.current.close();
  useEffect(() => { element.current.showModal(); }, []);
  return html`<dialog ref=${element} onClose=${onClose} aria-label=${title} onClick=${(event) => event.target === element.current && close()}>
    <div class="dialog"><header><h2>${title}</h2><${Button} class="quiet" onClick=${close}>Close<//></header>${children}</div>
  </dialog>`;
}

// A column of its head is a title, its class, and its name if it has no title.
export const Table = ({ label, head, rows, ...rest }) => html`<div class="table" role="region" aria-label=${label} tabindex="0"><table ...${rest}>
  <thead><tr>${head.map((column) => {
    if (column.type) return column;
    const [title, name, unseen] = [column].flat();
    return html`<th scope="col" class=${name}>${unseen ? html`<span class="unseen">${unseen}</span>` : title}</th>`;
  })}</tr></thead><tbody>${rows}</tbody></table></div>`;

// A click in a row opens it, unless text is being selected or something in it was meant.
export function OpenRow({ address, name, open, isCode, children }) {
  const follow = (event) => {
    if (!event.target.closest('a, button, input, select') && !String(getSelection())) location.hash = address;
  };
  return html`<tr class=${open ? 'open' : ''} onClick=${follow}><td class=${isCode ? 'name' : 'num'}><a class="row-link" href=${address}
    aria-current=${open ? 'true' : null} aria-label=${isCode ? null : `Call ${name}`}>${name}</a></td>${children}</tr>`;
}

// What is known of a thing: [name, value] each; those without a value have a dash.
export const Facts = ({ of, ...rest }) => html`<dl class="facts" ...${rest}>${of.map(([name, value]) => html`<dt>${name}</dt><dd>${value || '–'}</dd>`)}</dl>`;

export function Detail({ title, error, children }) {
  const { view, query } = route.value;
  return html`<section class="detail" aria-label=${title}>
    <header><h2>${title}</h2><a class="button quiet" href=${href(view, '', query)}>Close</a></header><${Failure} error=${error} />${children}</section>`;
}

// Data that is fetched when one of `on` changes. What was there stays until the new is.
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

const ENDS = { '\n': ['LF', 'line feed'], '\r': ['CR', 'carriage return'], '\r\n': ['CR LF', 'carriage return, line feed'] };

// A reply to the byte: line ends are shown, and nothing of it is markup.
export function Bytes({ text, label }) {
  if (text === '') return html`<p class="note">The body is empty.</p>`;
  return html`<pre class="text reply" tabindex="0" aria-label=${label}>${text.split(/(\r\n|\n|\r)/).map((part) => {
    const [name, title] = ENDS[part] || [];
    return name ? [html`<span class="eol" title=${title}>${name}</span>`, '\n'] : part;
  })}</pre>`;
}

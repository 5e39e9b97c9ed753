// The view of the assumptions: what no document says, how this sandbox takes it, and why.
import { html, useState } from './html.js';
import { get, patch } from './api.js';
import { Action, Failure, say, Select, Table, useData } from './parts.js';
import { route } from './route.js';
import { catalogue } from './store.js';

export function Assumptions() {
  const { data, error, reload } = useData(() => get('assumptions'), [route.value.sandbox]);
  const [failed, setFailed] = useState(null);
  const [text, setText] = useState('');
  if (error) return html`<${Failure} error=${error} />`;
  if (!data) return null;
  const rows = catalogue.value.assumptions;
  const differs = rows.filter(({ name, default: usual }) => data.assumptions[name] !== usual);
  const save = async (changes) => {
    setFailed(null);
    await patch('assumptions', changes).then(() => say('Changed for every call from now on.'), setFailed);
    reload();
  };
  const wanted = text.toLowerCase();
  const shown = rows.filter(({ name, reason }) => (name + reason).toLowerCase().includes(wanted));
  return html`<section>
    <div class="bar"><input type="search" class="wide" data-search aria-label="Search assumptions" placeholder="Search assumptions  /" value=${text} onInput=${(event) => setText(event.target.value)} />
      <span class="push"></span><span class="dim">${differs.length ? `${differs.length} differ from the default` : 'all as by default'}</span>
      ${differs.length > 0 && html`<${Action} run=${() => save(Object.fromEntries(differs.map(({ name, default: usual }) => [name, usual])))}>All to the default<//>`}</div>
    <${Failure} error=${failed} />
    <${Table} label="Assumptions" class="assumptions">
      <thead><tr><th scope="col">Assumption</th><th scope="col">Value</th><th scope="col" class="c-default">Default</th><th scope="col">Reason</th></tr></thead>
      <tbody>${shown.map(({ name, values, default: usual, reason }) => html`<tr key=${name} class=${data.assumptions[name] === usual ? '' : 'differs'}>
        <th scope="row" class="name">${name}</th>
        <td><${Select} aria-label=${name} value=${data.assumptions[name]} options=${values} onChange=${(value) => save({ [name]: value })} /></td>
        <td class="name c-default">${data.assumptions[name] === usual ? html`<span class="dim">${usual}</span>` : html`<b>not ${usual}</b>`}</td><td class="wraps">${reason}</td></tr>`)}</tbody><//>
  </section>`;
}

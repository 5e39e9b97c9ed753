// What no document says, how this sandbox takes it, and why.
import { html, useState } from './html.js';
import { get, patch } from './api.js';
import { Action, Failure, Search, Select, Table, prose, say, useData } from './parts.js';
import { route } from './route.js';
import { catalogue } from './store.js';

export default function Assumptions() {
  const { data, error, reload } = useData(() => get('assumptions'), [route.value.sandbox]);
  const [failed, setFailed] = useState(null);
  if (!data) return html`<${Failure} error=${error} />`;
  const wanted = (route.value.query.search || '').toLowerCase();
  const rows = catalogue.value.assumptions.map((row) => ({ ...row, value: data.assumptions[row.name] }));
  const differing = rows.filter((row) => row.value !== row.default);
  const save = async (changes) => {
    setFailed(null);
    await patch('assumptions', changes).then(() => say('Changed for every call from now on.'), setFailed);
    reload();
  };
  return html`<section>
    <div class="bar"><${Search} label="Search assumptions" />
      <span class="push"></span><span class="dim">${['all as by default', '1 differs from the default'][differing.length] || `${differing.length} differ from the default`}</span>
      ${differing.length > 0 && html`<${Action} run=${() => save(Object.fromEntries(differing.map((row) => [row.name, row.default])))}>All to the default<//>`}</div>
    <${Failure} error=${failed} />
    <${Table} label="Assumptions" class="assumptions" head=${['Assumption', 'Value', 'Default', 'Reason']}
      rows=${rows.filter(({ name, reason }) => (name + reason).toLowerCase().includes(wanted)).map(({ name, values, value, default: usual, reason }) => html`<tr key=${name} class=${value === usual ? '' : 'differs'}>
        <th scope="row" class="name">${name}</th><td><${Select} aria-label=${name} value=${value} options=${values} onChange=${(chosen) => save({ [name]: chosen })} /></td>
        <td class="name" data-is=${value === usual ? 'default' : null}>${value === usual ? html`<span class="dim">${usual}</span>` : html`<b>not ${usual}</b>`}</td><td class="wraps">${prose(reason)}</td></tr>`)} />
  </section>`;
}

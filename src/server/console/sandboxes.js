// The sandboxes, and what is done with the one that is shown.
import { html, useState } from './html.js';
import { address, post, put, root, save } from './api.js';
import { number } from './format.js';
import { begin } from './journal.js';
import { Action, Button, ConfirmButton, Dialog, Failure, Table, say, useForm } from './parts.js';
import { go, href, route } from './route.js';
import { refreshAll, refreshSandboxes, sandboxOf, sandboxes } from './store.js';

export default function Sandboxes() {
  const [makes, setMakes] = useState(false);
  const { sandbox } = route.value;
  return html`<div class="sandboxes">
    <section><header class="row"><h2>Sandboxes</h2><${Button} class="primary" onClick=${() => setMakes(true)}>New sandbox<//></header>
      <${List} shown=${sandbox} /></section>
    <section aria-label=${`Sandbox ${sandbox}`}><h2>Sandbox ${sandbox}</h2><${State} sandbox=${sandbox} /></section>
    ${makes && html`<${Dialog} title="New sandbox" onClose=${() => setMakes(false)}><${Make} close=${() => setMakes(false)} /><//>`}
  </div>`;
}

// How long it is still there, to the second.
const left = (span) => (span.split(' ').filter((part) => !part.endsWith('ms')).join(' ') || '0s') + ' left';

function List({ shown }) {
  const drop = async (name) => {
    await root('DELETE', 'sandboxes/' + encodeURIComponent(name));
    await refreshSandboxes();
    if (shown === name) go('sandboxes', '', {}, 'default');
  };
  return html`<${Table} label="Sandboxes" head=${['Name', 'Path of its API', 'Claimed logins', ['Orders', 'num'], ['Accounts', 'num'], ['Calls', 'num'], 'Lives', ['', '', 'Delete']]}
    rows=${sandboxes.value.map(({ name, path, logins, ttl, expiresIn, ...counts }) => html`<tr key=${name} class=${name === shown ? 'open' : ''}>
      <td><a class="row-link" href=${href('calls', '', {}, name)} aria-current=${name === shown ? 'true' : null}>${name}</a></td>
      <td class="name">${path}/products/</td><td class="name" data-is="claims">${logins.join(', ')}</td>${['orders', 'accounts', 'calls'].map((what) => html`<td class="num" data-is=${what}>${number(counts[what])}</td>`)}
      <td data-is="lives">${ttl ? `${ttl} after its last use${expiresIn && expiresIn !== ttl ? `, ${left(expiresIn)}` : ''}` : 'for ever'}</td>
      <td class="act">${name !== 'default' && html`<${ConfirmButton} class="small" ask="Delete it?" aria-label=${`Delete ${name}`} run=${() => drop(name)} done=${`Sandbox ${name} is deleted.`}>Delete<//>`}</td></tr>`)} />`;
}

function Make({ close }) {
  const { fields, input, error, submit } = useForm({ name: '', ttl: '', logins: '' });
  const make = async () => {
    const [name, ttl] = [fields.name.trim() || undefined, fields.ttl.trim() || undefined];
    const logins = fields.logins.split(',').map((login) => login.trim()).filter(Boolean);
    const made = await root('POST', 'sandboxes', { name, ttl, ...(logins.length ? { logins } : {}) });
    await refreshAll();
    close();
    say(`Sandbox ${made.name} is there.`);
    go('calls', '', {}, made.name);
  };
  return html`<form onSubmit=${submit(make)} aria-label="New sandbox"><div class="fields">
      ${input('name', 't1', 'Letters, digits, _ and -; without one it is given one.', 'Name')}
      ${input('ttl', 'for ever', 'Deleted when it is not used for so long.', 'Time to live')}
      ${input('logins', 'none', 'Calls of these loginNames at the plain path are its; with commas between.', 'Claimed logins')}</div>
    <${Failure} error=${error} except=${['name', 'ttl']} /><p class="actions"><button class="primary">Make the sandbox</button></p></form>`;
}

function State({ sandbox }) {
  const [over, setOver] = useState(false);
  const [error, setError] = useState(null);
  const again = async () => { begin(); await refreshAll(); };
  const restore = async (file) => {
    setError(null);
    const [kind] = /\.(json|toml)$/.exec(file.name) || [];
    if (!kind) throw new Error(`${file.name} is neither .json nor .toml, as snapshots and fixtures are.`);
    if (!confirm(`Replace all that ${sandbox} holds?`)) return;
    const text = await file.text();
    await (kind === '.toml' ? post('reset', { fixtures: text }) : put('snapshot', text));
    await again();
    const { orders, accounts } = sandboxOf(sandbox);
    say(`Restored: ${orders} orders, ${accounts} accounts.`);
  };
  const take = ([file]) => file && restore(file).catch(setError);
  const drag = (isOver) => (event) => { event.preventDefault(); setOver(isOver); take(event.type === 'drop' ? event.dataTransfer.files : []); };
  const name = `sectigo-emulator-${sandbox}-${new Date().toISOString().slice(0, 16).replace(/[T:]/g, '-')}.json`;
  return html`<p class="actions">
      <${Action} run=${() => save(address('snapshot'), name)} done="Saved. The file has every password in it.">Download a snapshot<//>
      <${ConfirmButton} ask="Reset it to its fixtures?" run=${async () => { await post('reset', {}); await again(); }} done="It is as it was at first.">Reset<//></p>
    <label class=${'drop' + (over ? ' over' : '')} onDragOver=${drag(true)} onDragLeave=${drag(false)} onDrop=${drag(false)}>
      <span>Drop a snapshot or fixtures (.json, .toml) here to restore ${sandbox}, or choose one:</span>
      <input type="file" accept=".json,.toml" onChange=${(event) => { take(event.target.files); event.target.value = ''; }} /></label>
    <p class="note">All that the sandbox holds is replaced. A .json file leaves the journal; with a .toml file it begins anew.</p>
    <${Failure} error=${error} />`;
}

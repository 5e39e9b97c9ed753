// The view of the sandboxes: switch, make, delete; and the one that is shown saved, restored and reset.
import { html, useState } from './html.js';
import { download, post, put, root } from './api.js';
import { number, stamp } from './format.js';
import { begin } from './journal.js';
import { Action, ConfirmButton, Dialog, Failure, Field, say, Table } from './parts.js';
import { go, href, route } from './route.js';
import { refreshClock, refreshFaults, refreshSandboxes, sandboxes } from './store.js';

export function Sandboxes() {
  const [makes, setMakes] = useState(false);
  return html`<div class="sandboxes">
    <section><header class="row"><h2>Sandboxes</h2><button type="button" class="primary" onClick=${() => setMakes(true)}>New sandbox</button></header>
      <${List} /></section>
    <section aria-label=${`Sandbox ${route.value.sandbox}`}><h2>${route.value.sandbox}</h2><${State} /></section>
    ${makes && html`<${Dialog} title="New sandbox" onClose=${() => setMakes(false)}><${Make} close=${() => setMakes(false)} /><//>`}
  </div>`;
}

function List() {
  const drop = async (name) => {
    await root('DELETE', 'sandboxes/' + encodeURIComponent(name));
    await refreshSandboxes();
    if (route.value.sandbox === name) go('sandboxes', '', {}, 'default');
  };
  return html`<${Table} label="Sandboxes">
    <thead><tr><th scope="col">Name</th><th scope="col">Path of its API</th><th scope="col" class="c-logins">Claimed logins</th><th scope="col" class="num">Orders</th><th scope="col" class="num">Accounts</th>
      <th scope="col" class="num">Calls</th><th scope="col">Lives</th><th scope="col"><span class="unseen">Delete</span></th></tr></thead>
    <tbody>${sandboxes.value.map(({ name, path, logins, orders, accounts, calls, ttl, expiresIn }) => html`<tr key=${name} class=${name === route.value.sandbox ? 'open' : ''}>
      <td><a class="row-link" href=${href('calls', '', {}, name)} aria-current=${name === route.value.sandbox ? 'true' : null}>${name}</a></td>
      <td class="name">${path}/products/</td><td class="name c-logins">${logins.join(', ')}</td><td class="num">${number(orders)}</td><td class="num">${number(accounts)}</td><td class="num">${number(calls)}</td>
      <td class="nowrap">${ttl ? `${ttl} after its last use${expiresIn && expiresIn !== ttl ? `, ${expiresIn} left` : ''}` : 'for ever'}</td>
      <td class="num">${name !== 'default' && html`<${ConfirmButton} class="small" ask="Delete it?" aria-label=${`Delete ${name}`} run=${() => drop(name)} done=${`Sandbox ${name} is deleted.`}>Delete<//>`}</td></tr>`)}</tbody><//>`;
}

function Make({ close }) {
  const [fields, setFields] = useState({});
  const [error, setError] = useState(null);
  const input = (name, label, note, placeholder) => html`<${Field} label=${label} name=${name} note=${note} error=${error}>
    <input value=${fields[name] || ''} placeholder=${placeholder} autocomplete="off" spellcheck=${false} onInput=${(event) => setFields({ ...fields, [name]: event.target.value })} /><//>`;
  const submit = async (event) => {
    event.preventDefault();
    setError(null);
    const logins = (fields.logins || '').split(',').map((name) => name.trim()).filter(Boolean);
    const wish = { ...(fields.name ? { name: fields.name.trim() } : {}), ...(fields.ttl ? { ttl: fields.ttl.trim() } : {}), ...(logins.length ? { logins } : {}) };
    try {
      const made = await root('POST', 'sandboxes', wish);
      await refreshSandboxes();
      close();
      say(`Sandbox ${made.name} is there.`);
      go('calls', '', {}, made.name);
    } catch (failed) {
      setError(failed);
    }
  };
  return html`<form onSubmit=${submit} aria-label="New sandbox"><div class="fields">
      ${input('name', 'Name', 'Letters, digits, _ and -; without one it is given one.', 't1')}
      ${input('ttl', 'Time to live', 'Deleted when it is not used for so long.', 'for ever')}
      ${input('logins', 'Claimed logins', 'Calls of these loginNames at the plain path are its; with commas between.', 'none')}</div>
    <${Failure} error=${error} except=${['name', 'ttl']} /><p class="actions"><button class="primary">Make the sandbox</button></p></form>`;
}

// Saved as a file, restored from one, or as it was at first.
function State() {
  const { sandbox } = route.value;
  const [over, setOver] = useState(false);
  const [error, setError] = useState(null);
  const again = async () => { begin(); await Promise.all([refreshClock(), refreshFaults(), refreshSandboxes()]); };
  const restore = async (file) => {
    setError(null);
    if (!file) return;
    try {
      const text = await file.text();
      const said = file.name.endsWith('.toml') ? await resetTo(text) : await restoreFrom(text);
      await again();
      say(said);
    } catch (failed) {
      setError(failed);
    }
  };
  const dropped = (event) => { event.preventDefault(); setOver(false); restore(event.dataTransfer.files[0]); };
  return html`<p class="actions">
      <${Action} run=${() => download('snapshot', `sectigo-emulator-${sandbox}-${stamp()}.json`)} done="Saved. The file has every password in it.">Download a snapshot<//>
      <${ConfirmButton} ask="Reset it to its fixtures?" run=${async () => { await post('reset', {}); await again(); }} done="It is as it was at first.">Reset<//></p>
    <label class=${'drop' + (over ? ' over' : '')} onDragOver=${(event) => { event.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)} onDrop=${dropped}>
      <span>Drop a snapshot (.json) or fixtures (.toml) here to restore ${sandbox}, or choose one:</span>
      <input type="file" accept=".json,.toml" onChange=${(event) => { restore(event.target.files[0]); event.target.value = ''; }} /></label>
    <p class="note">All that the sandbox holds is replaced. A snapshot leaves the journal; fixtures begin with an empty one.</p>
    <${Failure} error=${error} />`;
}

async function restoreFrom(text) {
  const held = await put('snapshot', JSON.parse(text));
  return `Restored: ${held.orders} orders, ${held.accounts} accounts.`;
}

async function resetTo(fixtures) {
  await post('reset', { fixtures });
  return 'It begins again with these fixtures.';
}

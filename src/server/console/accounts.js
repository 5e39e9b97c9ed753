// The view of the accounts: a table that the server searches and pages, and the account that is open beside it.
import { html, useState } from './html.js';
import { get, patch, post, query, remove } from './api.js';
import { follow } from './calls.js';
import { toml } from './copied.js';
import { FieldTable, NewForm, written } from './fields.js';
import { number } from './format.js';
import { askedFor, Pages, Search } from './paged.js';
import { ConfirmButton, Copy, Dialog, Empty, Failure, say, Table, useData } from './parts.js';
import { go, href, route } from './route.js';
import { refreshSandboxes } from './store.js';

export function Accounts() {
  const { id, query: asked } = route.value;
  const [makes, setMakes] = useState(false);
  const wanted = query(askedFor(['search']));
  const { data, error, reload } = useData(() => get('accounts' + wanted), [wanted]);
  const make = async (entry) => {
    const account = await post('accounts', entry);
    setMakes(false);
    say(`Account ${account.loginName} is there.`);
    refreshSandboxes();
    reload();
    go('accounts', account.loginName);
  };
  return html`<div class=${'split' + (id ? ' open' : '')}>
    <div class="list">
      <form class="bar" role="search" onSubmit=${(event) => event.preventDefault()}>
        <${Search} label="Search accounts" /><span class="push"></span>
        ${data && html`<span class="dim count">${number(data.total)} ${data.total === 1 ? 'account' : 'accounts'}</span>`}
        <button type="button" class="primary" onClick=${() => setMakes(true)}>New account</button></form>
      <${Failure} error=${error} />
      ${data && data.accounts.length > 0 && html`<${Rows} accounts=${data.accounts} id=${id} fields=${Object.fromEntries(asked)} /><${Pages} total=${data.total} />`}
      ${data && !data.accounts.length && html`<${Empty} title=${asked.get('search') ? 'No account matches.' : 'No accounts.'}>
        <p>A client needs one to call: its loginName and its loginPassword.</p><//>`}
    </div>
    ${id && html`<${Account} key=${id} name=${id} onChange=${reload} />`}
    ${makes && html`<${Dialog} title="New account" onClose=${() => setMakes(false)}>
      <${NewForm} schema="AccountEntry" title="Make the account" make=${make} first=${['loginName', 'loginPassword', 'accountID', 'payment']} /><//>`}
  </div>`;
}

// What is special about an account: everything but its name and what is as usual.
function special({ loginName, accountID, locked, ...rest }) {
  return [locked && 'locked', ...Object.entries(rest).map(([name, value]) => `${name} ${Array.isArray(value) && !value.length ? 'none' : written(value)}`)].filter(Boolean).join(', ');
}

function Rows({ accounts, id, fields }) {
  return html`<${Table} label="Accounts" class="accounts">
    <thead><tr><th scope="col">loginName</th><th scope="col">accountID</th><th scope="col">What is special about it</th></tr></thead>
    <tbody>${accounts.map((account) => {
      const address = href('accounts', account.loginName, fields);
      const open = account.loginName === id;
      return html`<tr key=${account.loginName} class=${open ? 'open' : ''} onClick=${(event) => follow(event, address)}>
        <td><a class="row-link name" href=${address} aria-current=${open ? 'true' : null}>${account.loginName}</a></td>
        <td class="name">${account.accountID ?? ''}</td><td class="wraps">${special(account)}</td></tr>`;
    })}</tbody><//>`;
}

function Account({ name, onChange }) {
  const path = 'accounts/' + encodeURIComponent(name);
  const { data: account, error, reload } = useData(() => get(path), [path]);
  const back = () => go('accounts', '', Object.fromEntries(route.value.query));
  const save = async (fields) => {
    const saved = await patch(path, fields);
    say('Saved.');
    onChange();
    if (saved?.loginName && saved.loginName !== name) go('accounts', saved.loginName); else reload();
  };
  const drop = async () => {
    await remove(path);
    back();
    refreshSandboxes();
    onChange();
  };
  return html`<section class="detail" aria-label=${`Account ${name}`}>
    <header><h2>${name}</h2><button type="button" class="quiet" onClick=${back}>Close</button></header>
    <${Failure} error=${error} />
    ${account && html`<p class="actions">
        <a class="button" href=${href('calls', '', { loginName: name })}>Its calls</a>
        <a class="button" href=${href('orders', '', { loginName: name })}>Its orders</a>
        <${Copy} text=${() => toml('accounts', { loginName: name, loginPassword: 'password', ...account })}>Copy as fixture<//>
        <span class="push"></span>
        <${ConfirmButton} run=${drop} done=${`Account ${name} is deleted.`} ask="Delete the account?">Delete<//></p>
      <${FieldTable} schema="AccountPatch" entry=${{ ...account, loginPassword: '(never shown)' }} save=${save} label="Fields of the account" />`}
  </section>`;
}

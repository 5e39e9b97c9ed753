import { html } from './html.js';
import { get } from './api.js';
import { FieldTable, written } from './fields.js';
import { Listing, Opened, askedFor, useOpened } from './paged.js';
import { OpenRow, Table, useData } from './parts.js';
import { go, href, route } from './route.js';

export default function Accounts() {
  const wanted = askedFor(['search']);
  const { data, error, reload } = useData(() => get('accounts' + wanted), [wanted]);
  const { id } = route.value;
  const row = (account, fields) => html`<${OpenRow} key=${account.loginName} isCode name=${account.loginName} open=${account.loginName === id} address=${href('accounts', account.loginName, fields)}>
    <td class="name" data-is="accountID">${account.accountID}</td><td class="wraps">${special(account)}</td><//>`;
  return html`<${Listing} noun="account" name="loginName" filters=${['search']} total=${data?.total} things=${data?.accounts} error=${error} reload=${reload}
    table=${(fields) => html`<${Table} label="Accounts" class="accounts" head=${['loginName', 'accountID', 'What is special about it']} rows=${data.accounts.map((account) => row(account, fields))} />`}
    opened=${html`<${Account} key=${id} name=${id} onChange=${reload} />`}
    form=${{ schema: 'AccountEntry', first: ['loginName', 'loginPassword', 'accountID', 'payment'] }}
    none="A client needs one to call: its loginName and its loginPassword." />`;
}

// All but its name and what is as usual.
function special({ loginName, accountID, locked, ...rest }) {
  return [locked && 'locked', ...Object.entries(rest).map(([name, value]) => `${name} ${Array.isArray(value) && !value.length ? 'none' : written(value)}`)].filter(Boolean).join(', ');
}

function Account({ name, onChange }) {
  const { data: account, error, save } = useOpened('accounts', name, onChange, []);
  const saveIt = async (fields) => {
    const { loginName } = await save(fields);
    if (loginName !== name) go('accounts', loginName);
  };
  return html`<${Opened} noun="account" id=${name} title=${`Account ${name}`} error=${error} onChange=${onChange} fixture=${account && { loginName: name, loginPassword: 'password', ...account }}
    links=${html`<a class="button" href=${href('calls', '', { loginName: name })}>Its calls</a><a class="button" href=${href('orders', '', { loginName: name })}>Its orders</a>`}>
    <${FieldTable} schema="AccountPatch" entry=${{ ...account, loginPassword: '(never shown)' }} save=${saveIt} label="Fields of the account" /><//>`;
}

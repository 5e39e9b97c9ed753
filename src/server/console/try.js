// The view to try an endpoint: its form from the catalogue, a button for each documented code, and the reply beside them.
import { html, useEffect, useState } from './html.js';
import { post } from './api.js';
import { Arguments } from './tryform.js';
import { minus } from './format.js';
import { fixturesBefore, inEveryFormat } from './formats.js';
import { callOf } from './journal.js';
import { Action, Empty, Failure, Select } from './parts.js';
import { provoke } from './provoke.js';
import { recipe } from './recipes.js';
import { Reply } from './reply.js';
import { go, route } from './route.js';
import { catalogue } from './store.js';

export function Try() {
  const { endpoints } = catalogue.value;
  const { id } = route.value;
  if (!endpoints.length) return null;
  const endpoint = endpoints.find(({ name }) => name === id) || (id ? null : endpoints[0]);
  return html`<div class="try">
    <div class="bar"><label class="pair"><span>Endpoint</span> <${Select} data-search value=${endpoint?.name || ''} options=${endpoints.map(({ name }) => name)} onChange=${(name) => go('try', name)} /></label>
      <span class="dim">${endpoint?.summary}</span></div>
    ${endpoint ? html`<${Endpoint} key=${endpoint.name + route.value.query} endpoint=${endpoint} />` : html`<${Empty} title=${`There is no endpoint ${id}.`}><p>Choose one above.</p><//>`}
  </div>`;
}

function Endpoint({ endpoint }) {
  const [values, setValues] = useState(() => example(endpoint));
  const [http, setHttp] = useState(false);
  const [method, setMethod] = useState('POST');
  const [reply, setReply] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => { prefill(endpoint).then((found) => found && setValues(found), setError); }, []);
  const form = () => ({ endpoint: endpoint.name, http, method, arguments: Object.entries(values).filter(([, value]) => value !== '').map(([name, value]) => ({ name, value })) });
  const answer = async (made, fixtures, words) => {
    setReply({ ...made, words, formats: fixtures ? await inEveryFormat(endpoint, made.form, made.sent, fixtures) : null });
  };
  const sendForm = async () => {
    setError(null);
    const [asked, fixtures] = [form(), await fixturesBefore(endpoint)];
    await answer({ ...(await post('calls', asked)), form: asked }, fixtures);
  };
  const press = async (found) => {
    setError(null);
    let fixtures;
    const made = await provoke(found, async () => { fixtures = found.twice ? null : await fixturesBefore(endpoint); });
    setValues({ ...empty(endpoint), ...Object.fromEntries(made.form.arguments.map(({ name, value }) => [name, value])) });
    setHttp(made.form.http);
    setMethod(made.form.method);
    await answer(made, fixtures, found.words);
  };
  return html`<div class="columns">
    <section aria-label="Call"><${Arguments} endpoint=${endpoint} values=${values} onChange=${setValues} />
      <p class="actions"><${Action} class="primary" run=${sendForm} onError=${setError}>Send<//>
        <label><input type="checkbox" checked=${http} onChange=${(event) => setHttp(event.target.checked)} /> over plain HTTP</label>
        <label><input type="checkbox" checked=${method === 'GET'} onChange=${(event) => setMethod(event.target.checked ? 'GET' : 'POST')} /> by GET</label></p></section>
    <div>
      <section aria-label="Codes"><h2>Every documented code</h2><p class="note">A button sets up what the code needs, with an account and an order of its own, and sends the call.</p>
        <div class="codes">${endpoint.codes.map(({ code, message, meaning }) => {
          const found = recipe(endpoint.name, code);
          return html`<${Action} key=${code} disabled=${!found} title=${`${meaning}${found ? `. Sends ${found.words}.` : ''}`} run=${() => press(found)} onError=${setError}>
            <b class="code bad">${minus(code)}</b> ${message.replace('xxxx', '…')}<//>`;
        })}</div></section>
      <${Failure} error=${error} />
      ${reply && html`<${Reply} ...${reply} endpoint=${endpoint} />`}
    </div></div>`;
}

const empty = (endpoint) => Object.fromEntries(endpoint.arguments.map(({ name }) => [name, '']));

// The example of the catalogue, by the names of its rows; a CSR is made when it is wanted.
function example(endpoint) {
  const values = empty(endpoint);
  for (const [name, value] of endpoint.example) {
    const row = endpoint.arguments.find((one) => one.name.toLowerCase() === name.toLowerCase());
    values[row?.name || name] = value.startsWith('@') ? '' : value;
  }
  const orderNumber = route.value.query.get('orderNumber');
  return orderNumber && 'orderNumber' in values ? { ...values, orderNumber } : values;
}

// The arguments of the call that the address names; its password is not known here.
async function prefill(endpoint) {
  const id = Number(route.value.query.get('call'));
  if (!id) return null;
  const call = await callOf(id);
  const known = call.arguments.filter(({ name, value }) => name !== '?' && value !== '***');
  return { ...empty(endpoint), ...Object.fromEntries(known.map(({ name, value }) => [endpoint.arguments.find((row) => row.name.toLowerCase() === name.toLowerCase())?.name || name, value])) };
}

// The frame of the page. Each view is the file of its name, loaded when it is first asked for.
import { html, onChange, render, useEffect, useState } from './html.js';
import { offline, token, tokenNeeded } from './api.js';
import calls from './calls.js';
import { dateTime, inWords } from './format.js';
import * as journal from './journal.js';
import { KEYS, helpShown, listen } from './keys.js';
import { Button, Dialog, Empty, Field, Select, Text, said } from './parts.js';
import { VIEWS, go, href, route } from './route.js';
import * as store from './store.js';

const LOADED = { calls };

function Page() {
  const { view, id, sandbox } = route.value;
  const title = VIEWS.find(([name]) => name === view)[1];
  useEffect(() => { document.title = `${title}${id ? ' ' + id : ''} · ${sandbox} · sectigo-emulator`; }, [title, id, sandbox]);
  return html`
    <a class="skip unseen" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById('main').focus(); }}>To the content</a>
    <${Side} view=${view} sandbox=${sandbox} />
    <div class="content">
      <${Bands} />
      <main id="main" tabindex="-1"><h1 class="unseen">${title}</h1><${View} name=${view} key=${view + ' ' + sandbox} /></main>
    </div>
    <div class="said" role="status" aria-live="polite">${said.value && html`<span>${said.value}</span>`}</div>
    ${tokenNeeded.value && html`<${AskToken} />`}
    ${helpShown.value && html`<${Help} />`}`;
}

function View({ name }) {
  const [, setLoaded] = useState(name in LOADED);
  const [error, setError] = useState(null);
  useEffect(() => {
    if (!LOADED[name]) import(`./${name}.js`).then((module) => { LOADED[name] = module.default; setLoaded(true); }, setError);
  }, [name]);
  if (error) return html`<${Empty} title="This part of the page did not arrive."><p>Is the emulator still running? Load the page again.</p><//>`;
  return LOADED[name] ? html`<${LOADED[name]} />` : null;
}

function Side({ view, sandbox }) {
  const names = [...new Set(['default', ...store.sandboxes.value.map(({ name }) => name), sandbox])];
  const { orders, accounts } = store.sandboxOf(sandbox) || {};
  const counts = { faults: store.faults.value.length, orders, accounts };
  const state = journal.connection.value;
  const word = state instanceof Error ? 'stopped' : state;
  return html`<header class="side">
    <a class="brand" href=${href('calls')}><img src="icon.svg" alt="" width="22" height="22" />sectigo-emulator</a>
    <label class="sandbox"><span>Sandbox</span>
      <${Select} aria-label="Sandbox" value=${sandbox} options=${names} onChange=${(name) => go(view, '', {}, name)} /></label>
    <nav aria-label="Views"><ul>${VIEWS.map(([name, title]) => html`<li key=${name}><a href=${href(name)} aria-current=${name === view ? 'page' : null}>
      ${title}${counts[name] > 0 && html` <span class=${name === 'faults' && store.wideFaults().length ? 'badge alarm' : 'badge'}>${counts[name]}</span>`}</a></li>`)}</ul></nav>
    <div class="foot">
      <a href=${href('clock')} class="now"><span class="unseen">Clock: </span><span class="clock-small">${dateTime(new Date(store.now.value).toISOString())}</span>
        ${' '}<span class="dim">${store.clock.value?.frozen ? 'frozen' : 'UTC'}</span></a>
      <span class=${'connection ' + word}><i aria-hidden="true"></i>${word === 'broken' ? 'reconnecting' : word}</span>
      <${Button} class="quiet" onClick=${() => { helpShown.value = true; }}>Keys <kbd>?</kbd><//>
    </div>
  </header>`;
}

function Bands() {
  const wide = store.wideFaults();
  // Those that may meet any call come first.
  const list = [...new Set([...wide, ...store.faults.value])];
  const alert = (title, error) => error && !offline.value && html`<p class="band" role="alert">${title}: ${error.message}</p>`;
  if (!offline.value && !store.unread.value && !store.stale.value && !list.length) return null;
  return html`<aside aria-label="Notices">
    ${offline.value && html`<p class="band" role="alert">The emulator does not answer. The page goes on when it does.</p>`}
    ${alert('The catalogue of the endpoints did not arrive, and is asked for again', store.unread.value)}
    ${alert('This sandbox cannot be read', store.stale.value)}
    ${list.length > 0 && html`<p class=${wide.length ? 'band' : 'band calm'}><a href=${href('faults')}>${list.length === 1 ? 'A fault is' : `${list.length} faults are`} active</a>
      ${' '}<span>${list.slice(0, 2).map(inWords).join('; ')}${list.length > 2 ? '; …' : ''}</span></p>`}</aside>`;
}

function AskToken() {
  const [value, setValue] = useState('');
  const take = (event) => {
    event.preventDefault();
    tokenNeeded.value = false;
    token.value = value.trim();
  };
  return html`<${Dialog} title="The control API wants a token" onClose=${() => { tokenNeeded.value = false; }}>
    <form onSubmit=${take}>
      <${Field} label="Token" note="That of --control-token. It is kept in memory until this page is closed.">
        <${Text} type="password" autofocus value=${value} onText=${setValue} /><//>
      <p class="actions"><button class="primary" disabled=${!value.trim()}>Use it</button></p>
    </form><//>`;
}

const Help = () => html`<${Dialog} title="Keys" onClose=${() => { helpShown.value = false; }}>
  <dl class="keys">${KEYS.map(([key, what]) => html`<dt>${key.split(/ +/).map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${what}</dd>`)}</dl><//>`;

store.start();
journal.start();
listen();
onChange(() => render(html`<${Page} />`, document.getElementById('page')));

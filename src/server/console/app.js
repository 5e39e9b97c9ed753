// The page: its frame, and which view is in it. Views other than the calls are loaded when they are first asked for.
import { html, onChange, render, useEffect, useState } from './html.js';
import { offline, token, tokenNeeded } from './api.js';
import { Calls } from './calls.js';
import { dateTime, inWords } from './format.js';
import * as journal from './journal.js';
import { helpShown, KEYS, listen } from './keys.js';
import { Dialog, Empty, Field, said, Select } from './parts.js';
import { go, href, route, VIEWS } from './route.js';
import * as store from './store.js';

const LOADED = { calls: Calls };
const LOADERS = {
  orders: () => import('./orders.js').then((module) => module.Orders),
  accounts: () => import('./accounts.js').then((module) => module.Accounts),
  clock: () => import('./clock.js').then((module) => module.Clock),
  try: () => import('./try.js').then((module) => module.Try),
  faults: () => import('./faults.js').then((module) => module.Faults),
  sandboxes: () => import('./sandboxes.js').then((module) => module.Sandboxes),
  assumptions: () => import('./assumptions.js').then((module) => module.Assumptions),
  use: () => import('./use.js').then((module) => module.Use),
};

function Page() {
  const { view, id } = route.value;
  const title = VIEWS.find(([name]) => name === view)[1];
  useEffect(() => {
    document.title = `${title}${id ? ' ' + id : ''} · ${route.value.sandbox} · sectigo-emulator`;
  }, [title, id, route.value.sandbox]);
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById('main').focus(); }}>To the content</a>
    <${Side} view=${view} />
    <div class="content">
      <${Bands} />
      <main id="main" tabindex="-1"><h1 class="unseen">${title}</h1><${View} name=${view} key=${view + ' ' + route.value.sandbox} /></main>
    </div>
    <div class="said" role="status" aria-live="polite">${said.value && html`<span>${said.value}</span>`}</div>
    ${tokenNeeded.value && html`<${AskToken} />`}
    ${helpShown.value && html`<${Help} />`}`;
}

function View({ name }) {
  const [, setLoaded] = useState(0);
  const [error, setError] = useState(null);
  useEffect(() => {
    if (LOADED[name]) return;
    LOADERS[name]().then((loaded) => { LOADED[name] = loaded; setLoaded((turn) => turn + 1); }, setError);
  }, [name]);
  if (error) return html`<${Empty} title="This part of the page did not arrive."><p>Is the emulator still running? Load the page again.</p><//>`;
  return LOADED[name] ? html`<${LOADED[name]} />` : null;
}

function Side({ view }) {
  const names = [...new Set(['default', ...store.sandboxes.value.map(({ name }) => name), route.value.sandbox])];
  return html`<header class="side">
    <a class="brand" href=${href('calls')}><img src="icon.svg" alt="" width="22" height="22" />sectigo-emulator</a>
    <label class="sandbox"><span>Sandbox</span>
      <${Select} aria-label="Sandbox" value=${route.value.sandbox} options=${names} onChange=${(name) => go(view, '', {}, name)} /></label>
    <nav aria-label="Views"><ul>${VIEWS.map(([name, title]) => html`<li key=${name}>
      <a href=${href(name)} aria-current=${name === view ? 'page' : null}>${title}${badge(name)}</a></li>`)}</ul></nav>
    <div class="foot">
      <a href=${href('clock')} class="now"><span class="unseen">Clock: </span><${Now} /></a>
      <${Connection} />
      <button type="button" class="quiet" onClick=${() => { helpShown.value = true; }}>Keys <kbd>?</kbd></button>
    </div>
  </header>`;
}

function badge(name) {
  const sandbox = store.sandboxOf(route.value.sandbox);
  const count = { faults: store.faults.value.length, orders: sandbox?.orders, accounts: sandbox?.accounts }[name];
  return count ? html` <span class=${'badge' + (name === 'faults' ? ' alarm' : '')}>${count}</span>` : null;
}

function Now() {
  const frozen = store.clock.value?.frozen;
  return html`<span class="clock-small">${dateTime(new Date(store.now.value).toISOString())}</span>
    <span class="dim">${frozen ? 'frozen' : ' UTC'}</span>`;
}

function Connection() {
  const state = journal.connection.value;
  const word = state instanceof Error ? 'stopped' : state;
  return html`<span class=${'connection ' + word}><i aria-hidden="true"></i>${word === 'broken' ? 'reconnecting' : word}</span>`;
}

function Bands() {
  const list = store.faults.value;
  const unread = !offline.value && store.unread.value;
  if (!offline.value && !unread && !list.length) return null;
  return html`<aside aria-label="Notices">
    ${offline.value && html`<p class="band" role="alert">The emulator does not answer. The page goes on when it does.</p>`}
    ${unread && html`<p class="band" role="alert">The catalogue of the endpoints did not arrive, and is asked for again: ${unread.message}</p>`}
    ${list.length > 0 && html`<p class="band"><a href=${href('faults')}>${list.length === 1 ? 'A fault is' : `${list.length} faults are`} active</a>
      <span>${list.slice(0, 2).map(inWords).join('; ')}${list.length > 2 ? '; …' : ''}</span></p>`}</aside>`;
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
      <${Field} label="Token" note="What the emulator was started with (--control-token). It is kept in memory until this page is closed.">
        <input type="password" autocomplete="off" autofocus value=${value} onInput=${(event) => setValue(event.target.value)} /><//>
      <p class="actions"><button class="primary" disabled=${!value.trim()}>Use it</button></p>
    </form><//>`;
}

const Help = () => html`<${Dialog} title="Keys" onClose=${() => { helpShown.value = false; }}>
  <dl class="keys">${KEYS.map(([key, what]) => html`<dt>${key.split(' ').filter(Boolean).map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${what}</dd>`)}</dl><//>`;

store.start();
journal.start();
listen();
onChange(() => render(html`<${Page} />`, document.getElementById('page')));

// The view for a client's author: the URLs, the CA to trust, and a snippet for each language.
import { html } from './html.js';
import { save } from './api.js';
import { Action, Copy, Empty } from './parts.js';
import { route, setQuery } from './route.js';
import { snippets } from './snippets.js';
import { health, sandboxOf } from './store.js';

export function Use() {
  const { https, http, version } = health.value;
  const path = sandboxOf(route.value.sandbox)?.path ?? '';
  const control = location.origin;
  const list = https ? snippets(https + path, control) : [];
  const chosen = list.find(([name]) => name === route.value.query.get('in')) || list[0];
  const line = (title, url) => html`<dt>${title}</dt><dd><code>${url}</code> <${Copy} class="quiet small" text=${url} aria-label=${`Copy ${title}`}>Copy<//></dd>`;
  const scope = path ? `/sandboxes/${encodeURIComponent(route.value.sandbox)}` : '';
  return html`<div class="use">
    <section aria-label="Addresses"><h2>Addresses</h2><dl class="facts">
      ${https && line('The API, in place of Sectigo’s address', `${https}${path}`)}
      ${http && line('Over plain HTTP, which answers −1', `${http}${path}`)}
      ${line('Control API', `${control}/control/v1${scope}`)}
      ${version && html`<dt>Version</dt><dd>${version}</dd>`}</dl></section>
    <section aria-label="Trust"><h2>Trust</h2><p>The emulator’s certificate is signed by its own CA. Let the client under test trust it, and nothing else.</p>
      <p class="actions"><${Action} class="primary" run=${() => save('/control/v1/tls/ca.pem', 'ca.pem')}>Download ca.pem<//> <${Copy} text=${`curl -s ${control}/control/v1/tls/ca.pem -o ca.pem`}>Copy as curl<//></p></section>
    <section aria-label="Snippets"><h2>From a program</h2>
      ${chosen ? html`<div class="tabs" role="group" aria-label="Language">${list.map(([name]) => html`<button type="button" key=${name} aria-pressed=${String(name === chosen[0])} class=${name === chosen[0] ? 'on' : ''}
          onClick=${() => setQuery({ in: name })}>${name}</button>`)}<span class="push"></span><${Copy} text=${chosen[1]}>Copy<//></div>
        <pre class="text" tabindex="0" aria-label=${`${chosen[0]} snippet`}>${chosen[1]}</pre>`
      : html`<${Empty} title="The API is not served over HTTPS."><p>Start the emulator without --https off.</p><//>`}</section>
  </div>`;
}

// The reply of a call that was sent from the page: what a client got, in each format of the endpoint.
import { html, useEffect, useRef } from './html.js';
import { FORMATS, formatsOf } from './formats.js';
import { Bytes, Code, Copy } from './parts.js';
import { curl } from './curl.js';
import { base } from './call.js';
import { href } from './route.js';

export function Reply({ call, sent, formats, endpoint, words }) {
  const element = useRef(null);
  useEffect(() => element.current.scrollIntoView({ block: 'nearest' }), [call.id]);
  return html`<section class="answer" ref=${element} aria-label="Reply" aria-live="polite"><h2>Reply</h2>
    ${words && html`<p class="note">Sent: ${words}.</p>`}
    <p class="headline"><${Code} endpoint=${call.endpoint} code=${call.code} status=${call.status} named /></p>
    <p class="why">${call.hint}</p>
    <p class="actions"><a class="button" href=${href('calls', call.id)}>Open call ${call.id}</a><${Copy} text=${() => curl(call, base())}>Copy as curl<//></p>
    ${!sent.complete && html`<p class="failure">${sent.status ? 'The connection was cut before the reply was whole.' : 'The connection was closed without a reply.'}</p>`}
    ${formats ? formats.map(([format, one]) => html`<h3 key=${'h' + format}>responseFormat=${format} <span class="dim">${FORMATS[format]}${one.status ? `, HTTP ${one.status}, ${one.contentType || 'no type'}` : ''}</span></h3><${Body} sent=${one} label=${`Reply in format ${format}`} />`)
      : html`<h3><span class="dim">${sent.status ? `HTTP ${sent.status}, ${sent.contentType || 'no type'}` : 'nothing arrived'}</span></h3><${Body} sent=${sent} label="Reply" />
        ${formatsOf(endpoint).length < 2 && html`<p class="note">This endpoint has one format: it takes no responseFormat.</p>`}`}</section>`;
}

function Body({ sent, label }) {
  if (sent.bodyBase64 != null) return html`<p class="note">Bytes that are no text, in Base64:</p><pre class="text reply" tabindex="0" aria-label=${label}>${sent.bodyBase64}</pre>`;
  return html`<${Bytes} text=${sent.body ?? ''} label=${label} />`;
}

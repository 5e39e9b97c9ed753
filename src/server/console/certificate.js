// The certificate of an order, described: names, key, validity against the sandbox's clock, extensions, CRL and OCSP.
import { html } from './html.js';
import { get } from './api.js';
import { base64, integer, oidOf, sequence, tlv } from './der.js';
import { date, relative } from './format.js';
import { Copy, Failure, useData } from './parts.js';
import { changes, now } from './store.js';
import { readCertificate } from './x509.js';

export function CertificateOf({ order, path, turn }) {
  const { data, error } = useData(() => read(path), [path, turn, order.state, order.issued, order.expires, changes.value]);
  if (error) return html`<${Failure} error=${error} />`;
  if (!data) return null;
  const { said, seen, ocsp } = data;
  return html`
    ${said.hint && html`<p class="note">${said.hint}</p>`}
    <${Validity} from=${said.notBefore} to=${said.notAfter} revoked=${order.state === 'revoked' ? order.revocation?.at : null} />
    <dl class="facts">
      <dt>Subject</dt><dd>${said.subject}</dd>
      <dt>Issuer</dt><dd>${said.issuerSubject}</dd>
      <dt>SAN</dt><dd>${seen.names.join(', ') || '–'}</dd>
      <dt>Key</dt><dd>${seen.key}</dd>
      <dt>Signature</dt><dd>${seen.signature}</dd>
      <dt>Serial number</dt><dd class="name">${said.serialNumber}</dd>
      <dt>SHA-256</dt><dd class="name">${said.sha256Fingerprint}</dd>
      ${said.profile && html`<dt>Profile</dt><dd>${said.profile}</dd>`}
      <dt>CRL</dt><dd>${seen.crl ? html`<a href=${seen.crl} target="_blank" rel="noreferrer">${seen.crl}</a>` : '–'}</dd>
      <dt>OCSP</dt><dd>${seen.ocsp ? html`<a href=${ocsp} target="_blank" rel="noreferrer">${seen.ocsp}</a> <${Copy} class="quiet small" text=${command(seen.ocsp, order.orderNumber)}>Copy as openssl<//>` : '–'}</dd>
    </dl>
    <details><summary>${seen.extensions.length} extensions</summary><dl class="facts extensions">${seen.extensions.map((one) => html`
      <dt>${one.name}${one.critical ? html`<br /><span class="mark">critical</span>` : ''}</dt><dd>${one.values.map((value) => html`<div>${value}</div>`)}</dd>`)}</dl></details>`;
}

async function read(path) {
  const [said, chain] = await Promise.all([get(path + '/certificate?format=json'), get(path + '/chain?format=json').catch(() => null)]);
  const seen = readCertificate(said.pem);
  const above = chain?.certificates?.[0]?.pem;
  const ocsp = seen.ocsp && above && globalThis.crypto?.subtle ? `${seen.ocsp}/${encodeURIComponent(await request(seen, readCertificate(above)))}` : seen.ocsp;
  return { said, seen, ocsp };
}

// An OCSP request as GET sends it (RFC 6960, appendix A.1): the browser saves what is answered.
async function request(certificate, issuer) {
  const sha1 = async (bytes) => tlv(0x04, new Uint8Array(await crypto.subtle.digest('SHA-1', bytes)));
  const algorithm = sequence(oidOf('1.3.14.3.2.26'), tlv(0x05));
  const id = sequence(algorithm, await sha1(certificate.issuer), await sha1(issuer.keyBits), integer(certificate.serial));
  return base64(sequence(sequence(sequence(sequence(id)))));
}

const command = (url, number) => `openssl ocsp -issuer ${number}-chain.pem -cert ${number}.pem -url ${url} -noverify -resp_text`;

// From notBefore to notAfter as a bar, and where the sandbox's present is on it.
function Validity({ from, to, revoked }) {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const share = Math.min(1, Math.max(0, (now.value - start) / (end - start)));
  const word = revoked ? 'revoked' : now.value < start ? 'not valid yet' : now.value > end ? 'expired' : `valid, ends ${relative(to, now.value)}`;
  return html`<figure class="validity">
    <div class="ends"><time datetime=${from}>${date(from)}</time><strong>${word}</strong><time datetime=${to}>${date(to)}</time></div>
    <progress class=${revoked || now.value > end ? 'over' : ''} max="1" value=${share} aria-label=${`Validity: ${Math.round(share * 100)} % is over`}></progress></figure>`;
}

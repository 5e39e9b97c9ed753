// The certificate of an order, described: names, key, validity against the sandbox's clock, extensions, CRL and OCSP.
import { html } from './html.js';
import { get } from './api.js';
import { base64, children, element, fromPem, hex, integer, oid, oidOf, sequence, tlv, utf8 } from './der.js';
import { date, relative } from './format.js';
import { Copy, Failure, useData } from './parts.js';
import { now } from './store.js';

export function CertificateOf({ order, path }) {
  const { data, error } = useData(() => read(path), [path, JSON.stringify(order)]);
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

// A certificate read for people (RFC 5280): key, names, extensions, where its CRL and its OCSP responder are.

const NAMES = {
  '2.5.29.14': 'subjectKeyIdentifier', '2.5.29.15': 'keyUsage', '2.5.29.17': 'subjectAltName', '2.5.29.19': 'basicConstraints',
  '2.5.29.31': 'cRLDistributionPoints', '2.5.29.32': 'certificatePolicies', '2.5.29.35': 'authorityKeyIdentifier', '2.5.29.37': 'extKeyUsage',
  '1.3.6.1.5.5.7.1.1': 'authorityInfoAccess', '1.3.6.1.5.5.7.3.2': 'clientAuth', '1.3.6.1.5.5.7.3.3': 'codeSigning', '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping', '1.3.6.1.5.5.7.3.9': 'OCSPSigning', '1.3.6.1.5.5.7.48.1': 'OCSP', '1.3.6.1.5.5.7.48.2': 'caIssuers',
  '1.2.840.10045.3.1.7': 'P-256', '1.3.132.0.34': 'P-384', '1.3.132.0.35': 'P-521', '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384', '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption', '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption', '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
};
const USAGES = ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment', 'keyAgreement', 'keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly'];
const named = (bytes) => { const text = oid(bytes); return NAMES[text] || text; };

export function readCertificate(pem) {
  const [body, algorithm] = children(element(fromPem(pem)).bytes);
  const fields = children(body.bytes).filter(({ tag }) => tag !== 0xa0);
  const [serial, , issuer, , , key] = fields;
  const holder = fields.find(({ tag }) => tag === 0xa3);
  const extensions = holder ? children(element(holder.bytes).bytes).map(extension) : [];
  const of = (name) => extensions.find((one) => one.name === name);
  const info = of('authorityInfoAccess')?.urls || [];
  return {
    serial: serial.bytes, issuer: issuer.whole, key: keyOf(key), keyBits: children(key.bytes)[1].bytes.subarray(1),
    signature: named(children(algorithm.bytes)[0].bytes), extensions, names: of('subjectAltName')?.values || [],
    crl: of('cRLDistributionPoints')?.values[0], ocsp: info.find(({ kind }) => kind === 'OCSP')?.url,
  };
}

function keyOf(spki) {
  const [algorithm, bits] = children(spki.bytes);
  const [kind, parameter] = children(algorithm.bytes);
  if (oid(kind.bytes) === '1.2.840.10045.2.1') return 'EC ' + named(parameter.bytes);
  if (oid(kind.bytes) !== '1.2.840.113549.1.1.1') return named(kind.bytes);
  const [modulus] = children(element(bits.bytes.subarray(1)).bytes);
  const start = modulus.bytes[0] === 0 ? 1 : 0;
  return `RSA ${(modulus.bytes.length - start) * 8 - Math.clz32(modulus.bytes[start]) + 24} bits`;
}

function extension({ bytes }) {
  const parts = children(bytes);
  const name = named(parts[0].bytes);
  const critical = parts.length === 3;
  const { bytes: value, whole, tag } = element(parts[parts.length - 1].bytes);
  const read = READERS[name];
  return { name, critical, ...(read ? read(value, whole, tag) : { values: [hex(whole)] }) };
}

const READERS = {
  subjectKeyIdentifier: (value) => ({ values: [hex(value)] }),
  authorityKeyIdentifier: (value) => ({ values: children(value).map((one) => hex(one.bytes)) }),
  keyUsage: (value) => ({ values: USAGES.filter((_, at) => value[1 + (at >> 3)] & (0x80 >> (at & 7))) }),
  extKeyUsage: (value) => ({ values: children(value).map((one) => named(one.bytes)) }),
  basicConstraints: (value) => ({ values: [children(value).some((one) => one.tag === 1 && one.bytes[0]) ? 'CA' : 'no CA'] }),
  certificatePolicies: (value) => ({ values: children(value).map((one) => oid(children(one.bytes)[0].bytes)) }),
  subjectAltName: (value) => ({ values: children(value).map(generalName) }),
  cRLDistributionPoints: (value) => ({ values: children(value).map((point) => utf8(element(element(element(point.bytes).bytes).bytes).bytes)) }),
  authorityInfoAccess: (value) => {
    const urls = children(value).map((one) => children(one.bytes)).map(([kind, place]) => ({ kind: named(kind.bytes), url: utf8(place.bytes) }));
    return { urls, values: urls.map(({ kind, url }) => `${kind} ${url}`) };
  },
};

function generalName({ tag, bytes, whole }) {
  const kind = { 0x81: 'email', 0x82: 'DNS', 0x86: 'URI' }[tag];
  return kind ? `${kind}:${utf8(bytes)}` : hex(whole);
}

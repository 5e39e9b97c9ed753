// A certificate read for people (RFC 5280): key, names, extensions, where its CRL and its OCSP responder are.
import { children, element, fromPem, hex, oid, utf8 } from './der.js';

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

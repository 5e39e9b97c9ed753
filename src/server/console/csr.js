// A CSR made in the browser (RFC 2986): the key by WebCrypto, the request written here. Keys stay in the page.
import { encoded, fromPem, integer, joined, oidOf, pem, sequence, set, tlv } from './der.js';

const SHA256_RSA = sequence(oidOf('1.2.840.113549.1.1.11'), tlv(0x05));
const SHA256_ECDSA = sequence(oidOf('1.2.840.10045.4.3.2'));

const rsa = (bits) => [{ name: 'RSASSA-PKCS1-v1_5', modulusLength: bits, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' }, { name: 'RSASSA-PKCS1-v1_5' }, SHA256_RSA];
export const KEYS = {
  'EC P-256': [{ name: 'ECDSA', namedCurve: 'P-256' }, { name: 'ECDSA', hash: 'SHA-256' }, SHA256_ECDSA],
  'RSA 2048': rsa(2048),
  'RSA 3072': rsa(3072),
  'RSA 1024': rsa(1024), // too short on purpose
};

// Without a secure context (another host over plain HTTP) browsers have no WebCrypto.
export const canMake = () => Boolean(globalThis.crypto?.subtle);

// { csr, key }, both in PEM.
export async function makeCsr(kind, commonName) {
  const [make, sign, algorithm] = KEYS[kind];
  const pair = await crypto.subtle.generateKey(make, true, ['sign', 'verify']);
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  const name = sequence(set(sequence(oidOf('2.5.4.3'), tlv(0x0c, encoded(commonName)))));
  const info = sequence(tlv(0x02, Uint8Array.of(0)), name, spki, tlv(0xa0));
  const raw = new Uint8Array(await crypto.subtle.sign(sign, pair.privateKey, info));
  const signature = make.name === 'ECDSA' ? sequence(integer(raw.subarray(0, 32)), integer(raw.subarray(32))) : raw;
  const csr = sequence(info, algorithm, tlv(0x03, Uint8Array.of(0), signature));
  return { csr: pem('CERTIFICATE REQUEST', csr), key: pem('PRIVATE KEY', new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey))) };
}

// The same request with a signature that does not fit: its last byte is another.
export function broken(csr) {
  const bytes = joined([fromPem(csr)]);
  bytes[bytes.length - 1] ^= 1;
  return pem('CERTIFICATE REQUEST', bytes);
}

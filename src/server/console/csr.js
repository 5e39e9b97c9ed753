// A CSR made in the browser (RFC 2986): the key by WebCrypto, the request written here in DER.

const encoded = (text) => new TextEncoder().encode(text);
const joined = (parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const sequence = (...contents) => tlv(0x30, ...contents);

function tlv(tag, ...contents) {
  const body = joined(contents);
  const length = [];
  for (let rest = body.length; rest; rest >>= 8) length.unshift(rest & 0xff);
  return joined([[tag], body.length < 128 ? [body.length] : [0x80 | length.length, ...length], body]);
}

function integer(bytes) {
  const start = bytes.findIndex((byte) => byte !== 0);
  const body = bytes.subarray(start);
  return tlv(0x02, body[0] & 0x80 ? [0] : [], body);
}

function pem(label, bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return `-----BEGIN ${label}-----\n${text.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`;
}

// The object identifiers that are needed, as they are encoded.
const COMMON_NAME = tlv(0x06, [0x55, 4, 3]);
const SHA256_RSA = sequence(tlv(0x06, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), tlv(0x05));
const SHA256_ECDSA = sequence(tlv(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]));

const rsa = (bits) => [{ name: 'RSASSA-PKCS1-v1_5', modulusLength: bits, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' }, 'RSASSA-PKCS1-v1_5', SHA256_RSA];
export const KEYS = {
  'EC P-256': [{ name: 'ECDSA', namedCurve: 'P-256' }, { name: 'ECDSA', hash: 'SHA-256' }, SHA256_ECDSA],
  'RSA 2048': rsa(2048),
  'RSA 1024': rsa(1024), // too short on purpose
};

// Without a secure context (another host over plain HTTP) browsers have no WebCrypto.
export const canMake = () => Boolean(globalThis.crypto?.subtle);

// { csr, key } in PEM; with `isBroken`, the signature does not fit.
export async function makeCsr(kind, commonName, isBroken = false) {
  const [make, sign, algorithm] = KEYS[kind];
  const pair = await crypto.subtle.generateKey(make, true, ['sign', 'verify']);
  const exported = async (format, key) => new Uint8Array(await crypto.subtle.exportKey(format, key));
  const name = sequence(tlv(0x31, sequence(COMMON_NAME, tlv(0x0c, encoded(commonName)))));
  const info = sequence(tlv(0x02, [0]), name, await exported('spki', pair.publicKey), tlv(0xa0));
  const raw = new Uint8Array(await crypto.subtle.sign(sign, pair.privateKey, info));
  if (isBroken) raw[raw.length - 1] ^= 1;
  const signature = make.name === 'ECDSA' ? sequence(integer(raw.subarray(0, 32)), integer(raw.subarray(32))) : raw;
  const csr = sequence(info, algorithm, tlv(0x03, [0], signature));
  return { csr: pem('CERTIFICATE REQUEST', csr), key: pem('PRIVATE KEY', await exported('pkcs8', pair.privateKey)) };
}

// DER (X.690) in both directions: enough for a CSR to be written, a certificate to be read and OCSP to be asked.

// The element at `at`: its tag, its contents, and where the next one begins.
export function element(bytes, at = 0) {
  const tag = bytes[at];
  let length = bytes[at + 1];
  let start = at + 2;
  if (length & 0x80) {
    const count = length & 0x7f;
    length = 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + bytes[start + index];
    start += count;
  }
  const end = start + length;
  if (!(end <= bytes.length)) throw new Error('The DER ends too early.');
  return { tag, bytes: bytes.subarray(start, end), whole: bytes.subarray(at, end), end };
}

export function children(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const one = element(bytes, at);
    found.push(one);
    at = one.end;
  }
  return found;
}

export function oid(bytes) {
  const parts = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    if (parts.length) parts.push(value); else parts.push(Math.min(2, Math.floor(value / 40)), value - 40 * Math.min(2, Math.floor(value / 40)));
    value = 0;
  }
  return parts.join('.');
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase();
export const utf8 = (bytes) => new TextDecoder().decode(bytes);

// An element of these contents.
export function tlv(tag, ...contents) {
  const body = joined(contents);
  const length = [];
  if (body.length < 128) {
    length.push(body.length);
  } else {
    for (let rest = body.length; rest; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
    length.unshift(0x80 | length.length);
  }
  return joined([Uint8Array.of(tag, ...length), body]);
}

export const sequence = (...contents) => tlv(0x30, ...contents);
export const set = (...contents) => tlv(0x31, ...contents);
export const encoded = (text) => new TextEncoder().encode(text);

export function oidOf(text) {
  const [first, second, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const digits = [part & 0x7f];
    for (let left = Math.floor(part / 128); left; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return tlv(0x06, Uint8Array.from(bytes));
}

// A whole number of unsigned bytes.
export function integer(bytes) {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const body = bytes.subarray(start);
  return body[0] & 0x80 ? tlv(0x02, Uint8Array.of(0), body) : tlv(0x02, body);
}

export function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

export function base64(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export function pem(label, bytes) {
  return `-----BEGIN ${label}-----\n${base64(bytes).replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`;
}

export function fromPem(text) {
  const inner = text.replace(/-----[^-]*-----/g, '').replace(/\s+/g, '');
  return Uint8Array.from(atob(inner), (character) => character.charCodeAt(0));
}

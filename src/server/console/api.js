// The control API over fetch: the sandbox's prefix, the token, and errors that say which field was wrong.
import { signal } from './html.js';
import { route } from './route.js';

const ROOT = '/control/v1/';

// The bearer token, in memory only; `tokenNeeded` while the page must ask for it.
export const token = signal('');
export const tokenNeeded = signal(false);
export const offline = signal(false);

export class Problem extends Error {
  constructor(status, detail, field = '') {
    super(detail);
    Object.assign(this, { status, field });
  }
}

// A whole number that a double cannot hold (2^53 and above) is a BigInt here, and a number in JSON.
const BIG = '\0big';
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

export function parse(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const held = (one) => !/^-?\d{16,}$/.test(one) || Number.isSafeInteger(Number(one));
  const marked = text.replace(TOKENS, (one) => (held(one) ? one : `{"\\u0000big":"${one}"}`));
  return JSON.parse(marked, (_, value) => (value?.[BIG] ? BigInt(value[BIG]) : value));
}

export function stringify(value) {
  const text = JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? { [BIG]: String(one) } : one));
  return text.replace(/\{"\\u0000big":"(-?\d+)"\}/g, '$1');
}

export const scope = (sandbox = route.value.sandbox) => (sandbox === 'default' ? '' : `sandboxes/${encodeURIComponent(sandbox)}/`);
export const address = (path) => ROOT + scope() + path;

// Fetches with the token; throws a Problem for every answer that is not of the 200s.
export async function send(url, options = {}) {
  const headers = { ...options.headers };
  if (token.value) headers.Authorization = 'Bearer ' + token.value;
  let response;
  try {
    response = await fetch(url, { cache: 'no-store', ...options, headers });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    offline.value = true;
    throw new Problem(0, 'The emulator does not answer. Is it still running?');
  }
  offline.value = false;
  if (response.status === 401) tokenNeeded.value = true;
  if (!response.ok) throw await problem(response);
  return response;
}

async function problem(response) {
  const text = await response.text();
  try {
    const { detail, title, field } = JSON.parse(text);
    return new Problem(response.status, detail || title, field);
  } catch {
    return new Problem(response.status, text || response.statusText);
  }
}

// Of the emulator as a whole. A body that is text is JSON already.
export async function root(method, path, body) {
  const options = { method };
  if (method !== 'GET') options.headers = { 'Content-Type': 'application/json' };
  if (body !== undefined) options.body = typeof body === 'string' ? body : stringify(body);
  const text = await (await send(ROOT + path, options)).text();
  return text ? parse(text) : null;
}

// The methods of a sandbox; without an argument, of the one that is shown when they are called.
export function methods(at) {
  const method = (name) => (path, body) => root(name, (at ?? scope()) + path, body);
  return { get: method('GET'), post: method('POST'), put: method('PUT'), patch: method('PATCH'), remove: method('DELETE') };
}
export const { get, post, put, patch, remove } = methods();
export const text = async (path) => (await send(address(path))).text();

// Saves what a URL answers as a file; a plain link could not send the token.
export async function save(url, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await (await send(url)).blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

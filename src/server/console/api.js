// The control API over fetch: the sandbox's prefix, the token, and errors that say which field was wrong.
import { signal } from './html.js';
import { route } from './route.js';

const ROOT = '/control/v1';

// The bearer token, in memory only; `tokenNeeded` while the page must ask for it.
export const token = signal('');
export const tokenNeeded = signal(false);
export const offline = signal(false);

export class Problem extends Error {
  constructor(status, detail, field) {
    super(detail);
    this.status = status;
    this.field = field || '';
  }
}

// The address of a path of the sandbox that is shown. What asks does not ask again because the route changes.
export function address(path, sandbox = route.value.sandbox) {
  const prefix = sandbox === 'default' ? '' : '/sandboxes/' + encodeURIComponent(sandbox);
  return ROOT + prefix + '/' + path;
}

// Fetches with the token; throws a Problem for every answer that is not of the 200s.
export async function send(url, options = {}) {
  const headers = { ...options.headers };
  if (token.value) headers.Authorization = 'Bearer ' + token.value;
  let response;
  try {
    response = await fetch(url, { cache: 'no-store', ...options, headers });
  } catch (error) {
    if (error.name !== 'AbortError') offline.value = true;
    throw error.name === 'AbortError' ? error : new Problem(0, 'The emulator does not answer. Is it still running?');
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

async function json(method, url, body) {
  const options = { method };
  if (method !== 'GET') options.headers = { 'Content-Type': 'application/json' };
  if (body !== undefined) options.body = JSON.stringify(body);
  const response = await send(url, options);
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

// Of the sandbox that is shown.
export const get = (path) => json('GET', address(path));
export const post = (path, body) => json('POST', address(path), body);
export const put = (path, body) => json('PUT', address(path), body);
export const patch = (path, body) => json('PATCH', address(path), body);
export const remove = (path) => json('DELETE', address(path));

// Of the emulator as a whole.
export const root = (method, path, body) => json(method, ROOT + '/' + path, body);
export const text = async (path) => (await send(address(path))).text();

// A query string of what is not empty, with its `?`.
export function query(fields) {
  const entries = Object.entries(fields).filter(([, value]) => value !== '' && value != null);
  return entries.length ? '?' + new URLSearchParams(entries) : '';
}

// Saves what a path of the sandbox answers as a file, with the token, which a plain link could not send.
export const download = (path, name) => save(address(path), name);

export async function save(url, name) {
  const blob = await (await send(url)).blob();
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

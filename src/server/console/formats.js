// The same call in each format that its endpoint has, without a trace: each other one is sent in a copy of the sandbox
// that is made for it and deleted again.
import { address, get, root, send } from './api.js';
import { route } from './route.js';
import { sandboxOf } from './store.js';

export const FORMATS = { 0: 'lines of text', 1: 'URL-encoded', 2: 'JSON' };
// A larger sandbox takes too long to copy for a glance.
const LARGEST = 5_000;

export function formatsOf(endpoint) {
  return endpoint?.arguments.find(({ name }) => name === 'responseFormat')?.choices || [];
}

const isFormat = ({ name }) => name.toLowerCase() === 'responseformat';

// What the sandbox holds before the call, for the copies; null where there is nothing to compare or it is too large.
export async function fixturesBefore(endpoint) {
  const sandbox = sandboxOf(route.value.sandbox);
  return formatsOf(endpoint).length > 1 && (sandbox?.orders ?? 0) <= LARGEST ? get('snapshot') : null;
}

// The bodies by format: [[format, body], ...], that of the call itself included.
export async function inEveryFormat(endpoint, form, sent, fixtures) {
  const own = form.arguments.find(isFormat)?.value || '0';
  return Promise.all(formatsOf(endpoint).map(async (format) => [format, format === own ? sent : await elsewhere(form, format, fixtures)]));
}

async function elsewhere(form, format, fixtures) {
  const { name } = await root('POST', 'sandboxes', { ttl: '1m', fixtures });
  try {
    const asked = { ...form, arguments: [...form.arguments.filter((one) => !isFormat(one)), { name: 'responseFormat', value: format }] };
    const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(asked) };
    return (await (await send(address('calls', name), options)).json()).sent;
  } finally {
    await root('DELETE', 'sandboxes/' + encodeURIComponent(name));
  }
}

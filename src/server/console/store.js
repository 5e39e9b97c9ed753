// What several views show: the catalogue, the clock, the faults, the sandboxes, what the emulator is. Read once, and
// again every few seconds while the page is looked at.
import { signal, watch } from './html.js';
import { get, root, token } from './api.js';
import { route } from './route.js';

const EVERY = 4_000;

export const catalogue = signal({ endpoints: [], assumptions: [] });
export const health = signal({});
// Why they could not be read, until they are.
export const unread = signal(null);
export const clock = signal(null);
export const faults = signal([]);
export const sandboxes = signal([]);
// The real time, so that what depends on the sandbox's clock is drawn again each second.
export const tick = signal(Date.now());

// The present of the sandbox, in milliseconds: what it said last and, unless it is frozen, what has passed since.
export const now = {
  get value() {
    if (!clock.value) return tick.value;
    const { at, read, frozen } = clock.value;
    return frozen ? at : at + Math.max(0, tick.value - read);
  },
};

// The id of the last call that was seen, and what of it the views know that are read again when something was called.
export const lastCall = signal(0);
export const changes = signal('');

export const endpointOf = (name) => catalogue.value.endpoints.find((endpoint) => endpoint.name === name);
export const sandboxOf = (name) => sandboxes.value.find((sandbox) => sandbox.name === name);

export function setClock(answer) {
  clock.value = { ...answer, at: Date.parse(answer.now), read: Date.now() };
  tick.value = Date.now();
}

// Takes an answer of the sandbox that is shown, unless another one is shown when it comes.
export async function takeShown(request, take) {
  const { sandbox } = route.value;
  const answer = await request;
  if (route.value.sandbox === sandbox) take(answer);
}

export const refreshClock = () => takeShown(get('clock'), setClock);
export const refreshFaults = () => takeShown(get('faults'), (answer) => { faults.value = answer.faults; });
export async function refreshSandboxes() { sandboxes.value = (await root('GET', 'sandboxes')).sandboxes; }

async function refresh() {
  if (unread.value) readOnce();
  changes.value = `${lastCall.value} ${clock.value?.now && Math.round((now.value - Date.now()) / 60_000)}`;
  await Promise.allSettled([refreshClock(), refreshFaults(), refreshSandboxes()]);
}

async function readOnce() {
  try {
    const [endpoints, said] = await Promise.all([root('GET', 'endpoints'), root('GET', 'health')]);
    catalogue.value = endpoints;
    health.value = said;
    unread.value = null;
  } catch (error) {
    unread.value = error;
  }
}

// Begins to read; again when the sandbox or the token changes.
export function start() {
  watch(() => token.value, readOnce);
  watch(() => token.value + ' ' + route.value.sandbox, () => {
    faults.value = [];
    refresh();
  });
  setInterval(() => document.visibilityState === 'visible' && refresh(), EVERY);
  setInterval(() => document.visibilityState === 'visible' && (tick.value = Date.now()), 1000);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && refresh());
}

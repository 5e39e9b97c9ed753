// What several views show. Read once, or every few seconds while the page is looked at.
import { signal, watch } from './html.js';
import { get, root, token } from './api.js';
import { route } from './route.js';

const EVERY = 4_000;

export const catalogue = signal({ endpoints: [], assumptions: [] });
export const health = signal({});
// Why they, or the sandbox, cannot be read, while they cannot.
export const unread = signal(null);
export const stale = signal(null);
export const clock = signal(null);
export const faults = signal([]);
// Those that may meet calls for any order.
export const wideFaults = () => faults.value.filter(({ orderNumber }) => orderNumber == null);
export const sandboxes = signal([]);
// The real time, once a second.
export const tick = signal(Date.now());

// The present of the sandbox, in milliseconds.
export const now = {
  get value() {
    if (!clock.value) return tick.value;
    const { at, read, frozen } = clock.value;
    return frozen ? at : at + Math.max(0, tick.value - read);
  },
};

// The id of the last call that was seen; and what changes where views must be read again.
export const lastCall = signal(0);
export const changes = signal('');

export const endpointOf = (name) => catalogue.value.endpoints.find((endpoint) => endpoint.name === name);
export const sandboxOf = (name) => sandboxes.value.find((sandbox) => sandbox.name === name);

// The URLs of the listeners, and the path of the sandbox.
export const base = () => ({ https: 'https://localhost:8443', ...health.value, path: sandboxOf(route.value.sandbox)?.path ?? '' });

export function setClock(answer) {
  clock.value = { ...answer, at: Date.parse(answer.now), read: Date.now() };
  tick.value = Date.now();
}

// Takes an answer, unless another sandbox is shown when it comes.
export async function takeShown(request, take) {
  const { sandbox } = route.value;
  const answer = await request;
  if (route.value.sandbox === sandbox) take(answer);
}

export const refreshFaults = () => takeShown(get('faults'), (answer) => { faults.value = answer.faults; });
export async function refreshSandboxes() { sandboxes.value = (await root('GET', 'sandboxes')).sandboxes; }

// Reads all that changes. It never rejects: what fails is told by `stale`, but for what the page says anyway (nobody
// answers, a token is wanted).
export function refreshAll() {
  const reads = [takeShown(get('clock'), setClock), refreshFaults(), refreshSandboxes()];
  return takeShown(Promise.allSettled(reads), (ends) => {
    stale.value = ends.map(({ reason }) => reason).find((reason) => reason && ![0, 401].includes(reason.status)) || null;
  });
}

function refresh() {
  if (unread.value) readOnce();
  changes.value = `${lastCall.value} ${clock.value?.now && Math.round((now.value - Date.now()) / 60_000)}`;
  return refreshAll();
}

async function readOnce() {
  try {
    [catalogue.value, health.value] = await Promise.all([root('GET', 'endpoints'), root('GET', 'health')]);
    unread.value = null;
  } catch (error) {
    unread.value = error;
  }
}

// Begins to read; again when the sandbox or the token changes.
export function start() {
  const whileSeen = (act) => () => document.visibilityState === 'visible' && act();
  watch(() => token.value, readOnce);
  watch(() => token.value + ' ' + route.value.sandbox, () => {
    faults.value = [];
    stale.value = null;
    refresh();
  });
  setInterval(whileSeen(refresh), EVERY);
  setInterval(whileSeen(() => { tick.value = Date.now(); }), 1000);
  document.addEventListener('visibilitychange', whileSeen(refresh));
}

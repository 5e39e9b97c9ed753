// The newest calls that match the filter, kept up to date by the stream.
import { signal, watch } from './html.js';
import { address, get, parse, send, token } from './api.js';
import { query, route } from './route.js';
import { lastCall, refreshAll } from './store.js';

// As many as the emulator keeps by default.
const WINDOW = 1000;
const FLUSH_EVERY = 150;
// More at once are a flood: then fewer rows are drawn, until it is over.
const FLOOD = 30;
const CALM_AFTER = 600;
const FILTERS = ['endpoint', 'loginName', 'orderNumber', 'code'];

export const calls = signal([]); // the newest first
export const arrived = signal([]); // while it is paused
export const paused = signal(false);
export const connection = signal('connecting');
export const forgotten = signal(0);
export const flooded = signal(false);

const filter = () => query(Object.fromEntries(FILTERS.map((name) => [name, route.value.query[name]?.trim().replace('−', '-')])));

let pending = [];
let timer = 0;
let calm = 0;
let stop = () => {};
let loaded = Promise.resolve();

export function start() {
  watch(() => [token.value, route.value.sandbox, filter()].join(' '), begin);
}

export function begin() {
  loaded = load(filter());
}

async function load(asked) {
  stop();
  drop();
  let stopped = false;
  stop = () => { stopped = true; };
  connection.value = 'connecting';
  try {
    const answer = await get(`calls${asked ? `${asked}&` : "?"}limit=${WINDOW}`);
    if (stopped) return;
    calls.value = answer.calls.reverse();
    forgotten.value = answer.forgotten || 0;
  } catch (error) {
    if (stopped) return;
    calls.value = [];
    connection.value = error;
    if (error.status === 0 || error.status >= 500) setTimeout(() => stopped || begin(), 1000);
    return;
  }
  stop = follow(asked, calls.value[0]?.id ?? 0);
}

function drop() {
  clearTimeout(timer);
  timer = 0;
  pending = [];
  arrived.value = [];
}

function take(batch) {
  pending.push(...batch);
  if (pending.length > WINDOW) pending = pending.slice(-WINDOW);
  timer ||= setTimeout(flush, FLUSH_EVERY);
}

function flush() {
  timer = 0;
  const news = pending.reverse();
  pending = [];
  if (news.some((call) => call.fault != null)) refreshAll();
  lastCall.value = news[0].id;
  if (news.length > FLOOD) {
    flooded.value = true;
    clearTimeout(calm);
    calm = setTimeout(() => { flooded.value = false; }, CALM_AFTER);
  }
  const into = paused.value ? arrived : calls;
  into.value = [...news, ...into.value].slice(0, WINDOW);
}

async function changed(state) {
  const was = connection.value;
  connection.value = state;
  if (state !== 'live' || (was !== 'broken' && !(was instanceof Error))) return;
  const before = loaded;
  // What cannot be compared is read anew.
  const isSame = await sameJournal().catch(() => false);
  if (!isSame && loaded === before) begin();
}

// After a break: an emulator that was started again counts from 1, so the last id says nothing about it.
async function sameJournal() {
  const [newest] = (await get('calls?limit=1')).calls;
  const last = (arrived.value[0] || calls.value[0])?.id ?? 0;
  return newest ? newest.id >= last : last === 0;
}

export function pause(wish = !paused.value) {
  paused.value = wish;
  if (wish || !arrived.value.length) return;
  calls.value = [...arrived.value, ...calls.value].slice(0, WINDOW);
  arrived.value = [];
}

// A call by its number: from the window, else from the journal.
export async function callOf(id) {
  await loaded;
  const held = calls.value.find((call) => call.id === id) || arrived.value.find((call) => call.id === id);
  return held || get('calls/' + id);
}

export function forget() {
  calls.value = [];
  arrived.value = [];
  forgotten.value = 0;
}

const LONGEST_WAIT = 5_000;

// Follows the calls after that with the id `last`, by fetch, which can send the token. Returns what stops it.
function follow(asked, last) {
  const stop = new AbortController();
  run(asked, last, stop.signal);
  return () => stop.abort();
}

async function run(asked, last, signal) {
  let wait = 250;
  while (!signal.aborted) {
    let refused;
    try {
      const headers = { Accept: 'text/event-stream', 'Last-Event-ID': String(last) };
      const response = await send(address('calls/stream') + asked, { headers, signal });
      changed('live');
      wait = 250;
      for await (const calls of batches(response.body, signal)) {
        last = calls.at(-1).id;
        take(calls);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status >= 400 && error.status < 500) return changed(error);
      refused = error.status >= 500 && error;
    }
    if (signal.aborted) return;
    changed(refused || 'broken');
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

// The calls in what arrives, together as they come; comments between are none.
async function* batches(body, signal) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done || signal.aborted) return;
      const events = (rest + value).split('\n\n');
      rest = events.pop();
      const calls = events.map(data).filter(Boolean).map(parse);
      if (calls.length) yield calls;
    }
  } finally {
    reader.cancel().catch(() => {}); // what is broken need not be closed
  }
}

function data(event) {
  return event.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart()).join('\n');
}

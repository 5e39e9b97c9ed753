// Server-sent events read by fetch: with the token, and after a break from the last id on.
import { Problem, address, query, send } from './api.js';

const LONGEST_WAIT = 5_000;

// Follows the calls that match `filter`, after the one with the id `last`. `on.calls` is handed batches of calls;
// `on.state` is told `live`, `broken` or the Problem that ended it. Returns what stops it.
export function follow(filter, last, on) {
  const stop = new AbortController();
  run(filter, last, on, stop.signal);
  return () => stop.abort();
}

async function run(filter, last, on, signal) {
  let wait = 250;
  while (!signal.aborted) {
    try {
      const headers = { Accept: 'text/event-stream', 'Last-Event-ID': String(last) };
      const response = await send(address('calls/stream') + query(filter), { headers, signal });
      on.state('live');
      wait = 250;
      for await (const calls of batches(response.body, signal)) {
        last = calls[calls.length - 1].id;
        on.calls(calls);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status >= 400 && error.status < 500) return on.state(error);
    }
    if (signal.aborted) return;
    on.state('broken');
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

// The calls in what arrives, together as they come.
async function* batches(body, signal) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done || signal.aborted) return;
      const events = (rest + value).split('\n\n');
      rest = events.pop();
      const calls = events.map(data).filter(Boolean).map((text) => JSON.parse(text));
      if (calls.length) yield calls;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

// The data of an event; the empty comments between are none.
function data(event) {
  return event.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart()).join('\n');
}

// A thousand calls a second for ten seconds: the page does not freeze, and keeps a window of rows.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { control, open, sandbox, setUp, until } from './harness.mjs';

const all = setUp();
const SECONDS = 10;
const LONGEST_TASK = 200;

test('a thousand calls a second stream for ten seconds without a long task', { timeout: 90_000 }, async () => {
  const name = await sandbox(all, 'load');
  const page = await open(all, `${name}/calls`);
  await page.locator('.connection.live').waitFor();
  await page.evaluate(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask', buffered: false });
  });
  const sent = await stream(all.emulator.http, name);
  assert.ok(sent >= 1000 * SECONDS, `${sent} calls were sent`);
  const { calls } = await control(all, 'GET', `sandboxes/${name}/calls?limit=1`);
  await until('the newest call', async () => (await page.locator('table.calls .row-link').first().innerText()) === String(calls[0].id));
  const tasks = await page.evaluate(() => globalThis.tasks);
  const longest = Math.max(0, ...tasks);
  console.log(`${sent} calls; ${tasks.length} tasks over 50 ms, the longest ${longest} ms`);
  assert.ok(longest < LONGEST_TASK, `a task of ${longest} ms`);
  const rows = await page.locator('table.calls tbody tr').count();
  assert.ok(rows <= 200, `${rows} rows`);
  const held = await page.evaluate(async () => (await import('./journal.js')).calls.value.length);
  assert.ok(held <= 1000, `${held} calls are held`);
  await page.finish();
});

// Sends calls in a steady beat, many behind each other on one connection: the browser needs the processor more than this.
function stream(url, sandbox) {
  const { hostname, port } = new URL(url);
  const body = 'loginName=login_name&loginPassword=login_password&orderNumber=1100003&queryType=0';
  const request = `POST /sandboxes/${sandbox}/products/download/CollectSMIME HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname);
    const start = Date.now();
    let sent = 0;
    let answered = 0;
    socket.on('error', reject);
    socket.on('data', (data) => { answered += data.toString('latin1').split('HTTP/1.1 200').length - 1; });
    const beat = setInterval(() => {
      const wanted = Math.min(1000 * SECONDS, Date.now() - start);
      socket.write(request.repeat(Math.max(0, wanted - sent)));
      sent = Math.max(sent, wanted);
      if (sent < 1000 * SECONDS || answered < sent) return;
      clearInterval(beat);
      socket.end();
      resolve(answered);
    }, 20);
  });
}

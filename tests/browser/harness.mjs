// Starts the emulator and the browser, and opens the page; fails a test for what no page may do.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import https from 'node:https';
import { createInterface } from 'node:readline';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { proxy } from './proxy.mjs';

const BINARY = process.env.SECTIGO_EMULATOR;
// A folder whose files are served in place of those in the binary.
const FOLDER = process.env.CONSOLE_FOLDER || '';

export async function startEmulator(...options) {
  const child = spawn(BINARY, ['--https', '127.0.0.1:0', '--http', '127.0.0.1:0', '--control', '127.0.0.1:0', '--log', 'off', '--exit-with-stdin', ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
  const urls = {};
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') break;
    const [name, url] = line.split(' ');
    urls[name] = url;
  }
  assert.ok(urls.control, 'the emulator did not start');
  return { ...urls, stop: () => child.kill() };
}

// The emulator and the browser of a file of tests.
export function setUp(...options) {
  const all = { pages: [] };
  before(async () => {
    all.emulator = await startEmulator(...options);
    all.front = FOLDER ? await proxy(all.emulator.control, FOLDER) : null;
    all.url = all.front?.url || all.emulator.control;
    all.browser = await launch();
  });
  after(async () => {
    await all.browser?.close();
    all.front?.close();
    all.emulator?.stop();
  });
  return all;
}

export function launch() {
  const args = ['--disable-background-networking', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])];
  return chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args });
}

// Opens the page at an address behind `#/`. What it may never do fails the test when it is closed: errors in the console
// (but for those that `expected` describes), and requests to another host.
export async function open(all, address = 'default/calls', { url = all.url, expected = [], ...options } = {}) {
  const context = await all.browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const wrong = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !expected.some((pattern) => pattern.test(message.text()))) wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(error.stack));
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'blob:' && origin !== url) wrong.push(`a request to ${request.url()}`);
  });
  await page.goto(`${url}/#/${address}`);
  page.finish = async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  };
  return page;
}

// A request of the control API, as any client makes it.
export async function control(all, method, path, body) {
  const response = await fetch(`${all.emulator.control}/control/v1/${path}`, {
    method, headers: { 'Content-Type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

// A call as a client under test makes it; the certificate is looked at elsewhere.
export function call(all, endpoint, fields, sandbox = '') {
  const body = new URLSearchParams({ loginName: 'login_name', loginPassword: 'login_password', ...fields }).toString();
  return new Promise((resolve, reject) => {
    const request = https.request(`${all.emulator.https}${sandbox}/products/${endpoint}`, {
      method: 'POST', rejectUnauthorized: false, headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body) },
    }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve(text);
    });
    request.on('error', reject);
    request.end(body);
  });
}

// A new sandbox for a test: its name.
export async function sandbox(all, name) {
  await control(all, 'POST', 'sandboxes', { name });
  return name;
}

export const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());

// Waits until something is so; for what is not in a page.
export async function until(what, check, within = 10_000) {
  const end = Date.now() + within;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) assert.fail(`not within ${within} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

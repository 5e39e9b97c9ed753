// What the page weighs, how soon it is seen, and what it does with numbers, marks and failures that are not of one view.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { call, clipboard, control, launch, open, sandbox, setUp, until } from './harness.mjs';

const all = setUp();
const LIMIT = 150_000;

// The text of each file of the page by its path, from what is served: what index.html, the modules and the import map name.
async function files() {
  const found = {};
  const wanted = ['index.html'];
  const index = await (await fetch(`${all.url}/`)).text();
  const map = JSON.parse(/<script type="importmap">([^]*?)<\/script>/.exec(index)[1]).imports;
  for (let at = 0; at < wanted.length; at += 1) {
    const name = wanted[at];
    if (found[name] !== undefined) continue;
    const response = await fetch(`${all.url}/${name}`);
    assert.equal(response.status, 200, name);
    found[name] = await response.text();
    const named = name === 'index.html'
      ? [...found[name].matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path]) => path)
      : [...imports(found[name]), ...views(found[name]), ...started(found[name])].map((path) => resolved(map, path, name));
    wanted.push(...named);
  }
  return { found, map };
}

// An entry of the import map is relative to the page, another path to the module.
const resolved = (map, path, from) => new URL(map[path] || path, `http://x/${map[path] ? '' : from}`).pathname.slice(1);
const imports = (text) => [...text.matchAll(/\bfrom ?["']([\w./-]+)["']/g)].map(([, path]) => path);
// A view is loaded by its name: those of the list in route.js.
const views = (text) => (text.includes('export const VIEWS') ? [...text.matchAll(/\['(\w+)', '[^']+', '\w'\]/g)].map(([, name]) => `./${name}.js`) : []);
// What start.js fetches.
const started = (text) => [.../MODULES = \[([^\]]*)\]/.exec(text)?.[1].matchAll(/'([^']+)'/g) ?? []].map(([, path]) => path);

test('the whole page is under 150 kB as it is written', async () => {
  const { found } = await files();
  assert.ok(Object.keys(found).length > 20, Object.keys(found).join());
  const sum = (of) => Object.values(found).reduce((total, text) => total + of(text), 0);
  const raw = sum((text) => Buffer.byteLength(text));
  console.log(`${Object.keys(found).length} files, ${raw} bytes, ${sum((text) => gzipSync(text).length)} compressed`);
  assert.ok(raw < LIMIT, `${raw} bytes`);
});

test('no module that the page begins with waits for one that start.js does not fetch', async () => {
  const { found, map } = await files();
  const known = new Set(started(found['start.js']).map((name) => resolved(map, name, 'start.js')));
  assert.ok(known.has('app.js'), [...known].join());
  for (const name of known) for (const one of imports(found[name])) assert.ok(known.has(resolved(map, one, name)), `${name} imports ${one}: let start.js fetch it`);
});

for (const width of [360, 1280]) {
  test(`the first paint does not wait for a script, and what it shows stays in its place, at ${width} pixels`, async () => {
    const browser = await launch();
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    let release;
    const released = new Promise((resolve) => { release = resolve; });
    await page.route('**/*.js', async (route) => { await released; await route.continue(); });
    await page.goto(`${all.url}/#/default/calls`, { waitUntil: 'commit' });
    const brand = page.locator('.brand');
    await brand.waitFor();
    await until('a first paint', () => page.evaluate(() => performance.getEntriesByName('first-contentful-paint').length));
    const [place, side] = [await brand.boundingBox(), await page.locator('.side').boundingBox()];
    release();
    await page.locator('.connection.live').waitFor();
    assert.deepEqual(await brand.boundingBox(), place);
    assert.equal((await page.locator('.side').boundingBox()).width, side.width);
    await browser.close();
  });
}

test('nothing but start.js is fetched of the scripts before the browser has drawn the frame', async () => {
  const page = await open(all, 'default/calls');
  await page.locator('.connection.live').waitFor();
  await page.addInitScript(() => { globalThis.requestAnimationFrame = (act) => { globalThis.frame = act; }; });
  const fetched = [];
  page.on('request', (request) => { if (request.resourceType() === 'script') fetched.push(new URL(request.url()).pathname); });
  await page.reload({ waitUntil: 'load' });
  await page.waitForFunction(() => globalThis.frame);
  assert.deepEqual(fetched, ['/start.js']);
  await page.evaluate(() => globalThis.frame());
  await page.locator('.connection.live').waitFor();
  assert.ok(fetched.length > 10, fetched.join());
  await page.finish();
});

test('from a cold start: how soon the page is seen', async () => {
  const seen = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const browser = await launch();
    const page = await browser.newPage();
    await page.goto(`${all.url}/#/default/calls`);
    await page.locator('.connection.live').waitFor();
    const paint = await until('a first paint', () => page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime));
    const live = await page.evaluate(() => performance.now());
    seen.push([paint, live].map(Math.round));
    await browser.close();
  }
  console.log(`first paint and live table, in ms after the navigation: ${seen.map((one) => one.join(' and ')).join(', ')}`);
  // The frame is seen before the table is there, however long both take.
  for (const [paint, live] of seen) assert.ok(paint > 0 && paint <= live, seen.join(' '));
});

test('numbers above 2^53 are shown, changed, filtered by and copied without a digit lost', async () => {
  const name = await sandbox(all, 'large');
  const orderNumber = '999999999999999999';
  const page = await open(all, `${name}/orders`, { expected: [/422/] });
  await page.getByRole('button', { name: 'New order' }).click();
  const dialog = page.getByRole('dialog', { name: 'New order' });
  await dialog.getByLabel('orderNumber', { exact: true }).fill(orderNumber);
  await dialog.getByRole('button', { name: 'Make the order' }).click();
  const detail = page.getByRole('region', { name: `Order ${orderNumber}` });
  const row = detail.locator('.entry tr', { has: page.getByRole('rowheader', { name: 'certificateID', exact: true }) });
  await row.waitFor();
  const raw = async () => (await fetch(`${all.emulator.control}/control/v1/sandboxes/${name}/orders/${orderNumber}`)).text();
  assert.ok((await raw()).includes(`"certificateID":${await row.locator('.value').innerText()},`));
  await row.getByRole('button').click();
  await row.getByRole('textbox').fill('9007199254740993');
  await page.keyboard.press('Enter');
  await until('the changed number', async () => (await raw()).includes('"certificateID":9007199254740993,'));
  await page.getByRole('button', { name: 'Copy as fixture' }).click();
  await page.getByText('Copied.').waitFor();
  assert.match(await clipboard(page), new RegExp(`orderNumber = ${orderNumber}\n[^]*certificateID = 9007199254740993\n`));
  await call(all, '!autoRevokeCertificate', { orderNumber, revocationReason: 'test' }, `/sandboxes/${name}`);
  await page.goto(`${all.url}/#/${name}/calls?orderNumber=${orderNumber}`);
  const link = page.locator('table.calls tbody tr');
  await link.first().waitFor();
  assert.ok((await link.first().innerText()).includes(orderNumber));
  await page.finish();
});

test('what a transcript of check confirms or contradicts stands beside the mark', async () => {
  const name = await sandbox(all, 'marks');
  await call(all, '!autoRevokeCS', { orderNumber: '2200005', revocationReason: 'test' }, `/sandboxes/${name}`);
  const page = await open(all, `${name}/clock`);
  const text = await (await fetch(`${all.emulator.control}/control/v1/endpoints`)).text();
  const source = '(service.jsonl, 2026-01-02, https://secure.example.com)';
  const noted = text.replace(/"mark": *"documented"/g, `"mark": "documented, checked ${source}"`).replace(/"messageMark": *"documented"/g, `"messageMark": "documented, contradicted ${source}"`);
  await page.route('**/control/v1/endpoints', (route) => route.fulfill({ body: noted, contentType: 'application/json' }));
  await page.goto(`${all.url}/#/${name}/try/!autoRevokeCS`);
  await page.reload();
  const argument = page.locator('.argument', { has: page.locator('label', { hasText: 'loginName' }) }).first();
  assert.match(await argument.innerText(), /documented\s+checked/);
  assert.equal(await argument.locator('.mark.checked').getAttribute('title'), source.slice(1, -1));
  await page.goto(`${all.url}/#/${name}/calls/1`);
  await page.locator('.note .mark.contradicted').waitFor();
  await page.finish();
});

test('a recipe goes on in its sandbox when another one is shown meanwhile', async () => {
  const [one, other] = [await sandbox(all, 'recipe'), await sandbox(all, 'another')];
  const assumptions = (name) => control(all, 'GET', `sandboxes/${name}/assumptions`);
  const before = await assumptions(one);
  await control(all, 'PATCH', `sandboxes/${other}/assumptions`, { 'unknown-arguments': 'reject' });
  const page = await open(all, `${one}/try`);
  await page.locator('.codes button').first().waitFor();
  const code = await page.evaluate(async (shown) => {
    const { provoke, recipe } = await import('/provoke.js');
    const { route } = await import('/route.js');
    const switchOver = async () => {
      location.hash = `#/${shown}/try`;
      while (route.value.sandbox !== shown) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    return (await provoke(recipe('!AutoReject', -2), switchOver)).call.code;
  }, other);
  assert.equal(code, -2);
  assert.deepEqual(await assumptions(one), before);
  assert.equal((await assumptions(other)).assumptions['unknown-arguments'], 'reject');
  assert.deepEqual((await control(all, 'GET', `sandboxes/${other}/calls`)).calls, []);
  await page.finish();
});

test('what cannot be read again after a change is said, and nothing fails unseen', async () => {
  const name = await sandbox(all, 'stale');
  const page = await open(all, `${name}/orders`, { expected: [/500/] });
  await page.locator('.row-link').first().waitFor();
  await page.route('**/control/v1/sandboxes', (route) => (route.request().method() === 'GET' ? route.fulfill({ status: 500, json: { detail: 'no list today' } }) : route.continue()));
  await page.getByRole('button', { name: 'New order' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Make the order' }).click();
  await page.getByRole('alert').filter({ hasText: 'no list today' }).waitFor();
  await page.unroute('**/control/v1/sandboxes');
  await page.getByRole('alert').filter({ hasText: 'no list today' }).waitFor({ state: 'detached' });
  await page.finish();
});

test('a catalogue that comes after the calls names their codes', async () => {
  const name = await sandbox(all, 'late');
  await call(all, '!autoRevokeCS', { orderNumber: '2200005', revocationReason: 'test' }, `/sandboxes/${name}`);
  const page = await open(all, `${name}/use`);
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.route('**/control/v1/endpoints', async (route) => { await released; await route.continue(); });
  await page.goto(`${all.url}/#/${name}/calls`);
  await page.reload();
  const row = page.locator('table.calls tbody tr');
  await row.waitFor();
  assert.ok(!(await row.innerText()).includes('already been Revoked'));
  release();
  await row.getByText('The certificate has already been Revoked!').waitFor();
  await page.finish();
});

test('what is typed into a filter stays while the page is drawn again', async () => {
  const name = await sandbox(all, 'typed');
  const page = await open(all, `${name}/orders`);
  await page.locator('.row-link').first().waitFor();
  await page.clock.install();
  const field = page.getByLabel('Search orders');
  await field.pressSequentially('22000');
  await page.evaluate(async () => { (await import('/store.js')).tick.value += 1; });
  assert.equal(await field.inputValue(), '22000');
  await page.clock.runFor(300);
  await until('the address', () => page.url().includes('search=22000'));
  await page.finish();
});

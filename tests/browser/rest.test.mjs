// Faults, sandboxes, assumptions, and how to use it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { call, clipboard, control, open, sandbox, setUp, until } from './harness.mjs';

const all = setUp();

test('faults are added from the palette and put together, count their hits, and are removed', async () => {
  const name = await sandbox(all, 'faults');
  await control(all, 'DELETE', `sandboxes/${name}/faults`);
  const page = await open(all, `${name}/faults`, { expected: [/422|400/] });
  await page.getByRole('heading', { name: 'No fault is active.' }).waitFor();
  assert.equal(await page.locator('.band').count(), 0);
  const palette = page.getByRole('region', { name: 'Palette' }).getByRole('button');
  for (const button of await palette.all()) assert.ok(await button.getAttribute('title'), await button.innerText());
  const bad = page.getByRole('button', { name: 'Next three: 502' });
  assert.equal(await bad.getAttribute('title'), 'every call: HTTP 502 (3 times)');
  await bad.click();
  const row = page.getByRole('region', { name: 'Active faults' }).locator('tbody tr');
  await row.waitFor();
  await page.locator('.band', { hasText: 'A fault is active' }).waitFor();
  assert.equal(await call(all, '!autoRevokeCS', {}, `/sandboxes/${name}`), 'Bad Gateway');
  await until('a hit', async () => (await row.locator('td').nth(4).innerText()) === '1');
  await page.getByRole('button', { name: /Remove fault/ }).click();
  await page.getByRole('heading', { name: 'No fault is active.' }).waitFor();
  const form = page.getByRole('form', { name: 'New fault' });
  await form.getByLabel('endpoint').selectOption('!autoRevokeCS');
  await form.getByLabel('loginName').fill('login_name');
  await form.getByLabel('Code', { exact: true }).selectOption('-26');
  await form.getByLabel('probability').fill('7');
  await form.getByRole('button', { name: 'Add the fault' }).click();
  await form.locator('.field.wrong', { hasText: 'probability' }).waitFor();
  await form.getByLabel('probability').fill('1');
  await form.getByRole('button', { name: 'Add the fault' }).click();
  await row.waitFor();
  assert.match(await call(all, '!autoRevokeCS', {}, `/sandboxes/${name}`), /^-26\n/);
  await page.finish();
});

test('an action of a fault that the page does not know is shown as it is', async () => {
  const page = await open(all, 'default/faults');
  await page.route('**/faults', (route) => route.fulfill({ json: { faults: [{ id: 1, then: { shuffle: 3 }, hits: 0 }] } }));
  await page.reload();
  await page.getByRole('cell', { name: '{"shuffle":3}' }).waitFor();
  await page.finish();
});

test('the band is red for faults that may meet every client, and calm for one of a single order', async () => {
  const name = await sandbox(all, 'band');
  await control(all, 'DELETE', `sandboxes/${name}/faults`);
  await control(all, 'POST', `sandboxes/${name}/faults`, { orderNumber: 2200009, then: { code: -14 } });
  const page = await open(all, `${name}/clock`);
  const band = page.locator('.band');
  await band.waitFor();
  const colour = () => band.evaluate((element) => getComputedStyle(element).color);
  assert.match(await band.innerText(), /A fault is active\s+order 2200009: code −14/);
  const calm = await colour();
  await control(all, 'POST', `sandboxes/${name}/faults`, { loginName: 'login_name', then: { status: 502 } });
  await page.reload();
  await band.getByText('2 faults are active').waitFor();
  assert.match(await band.innerText(), /login_name: HTTP 502; order 2200009: code −14/);
  assert.notEqual(await colour(), calm);
  await page.finish();
});

test('a sandbox is made, switched to, saved, restored by a file, reset and deleted', async () => {
  const page = await open(all, 'default/sandboxes');
  await page.getByRole('button', { name: 'New sandbox' }).click();
  const dialog = page.getByRole('dialog', { name: 'New sandbox' });
  await dialog.getByLabel('Name', { exact: true }).fill('box');
  await dialog.getByLabel('Time to live').fill('10m');
  await dialog.getByRole('button', { name: 'Make the sandbox' }).click();
  await page.waitForURL(/#\/box\/calls/);
  assert.equal((await control(all, 'GET', 'sandboxes/box')).ttl, '10m');
  await page.getByRole('link', { name: 'Sandboxes' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download a snapshot' }).click()]);
  const snapshot = await download.path();
  assert.ok(JSON.parse(readFileSync(snapshot, 'utf8')).orders.length > 20);
  await control(all, 'DELETE', 'sandboxes/box/orders/1234567');
  const bytes = readFileSync(snapshot, 'utf8');
  const drop = (file) => page.locator('.drop').evaluate((element, [text, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    element.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, [bytes, file]);
  await drop('fixtures.yaml');
  await page.getByText('fixtures.yaml is neither .json nor .toml').waitFor();
  const asked = [];
  page.on('dialog', async (dialog) => {
    asked.push(dialog.message());
    await (asked.length === 1 ? dialog.dismiss() : dialog.accept());
  });
  await drop('snapshot.json');
  await until('the question', () => asked.length === 1);
  assert.equal(asked[0], 'Replace all that box holds?');
  assert.ok(!(await control(all, 'GET', 'sandboxes/box/orders?search=1234567')).orders.length);
  await drop('snapshot.json');
  await page.getByText(/Restored: \d+ orders/).waitFor();
  await control(all, 'GET', 'sandboxes/box/orders/1234567');
  await page.locator('input[type=file]').setInputFiles({ name: 'fixtures.toml', mimeType: 'text/plain', buffer: Buffer.from('[[accounts]]\nloginName = "only"\nloginPassword = "one"\n') });
  await until('one account', async () => (await control(all, 'GET', 'sandboxes/box/accounts')).accounts.length === 1);
  await page.getByRole('button', { name: 'Reset' }).click();
  await page.getByRole('button', { name: 'Reset it to its fixtures?' }).click();
  await until('many accounts', async () => (await control(all, 'GET', 'sandboxes/box/accounts')).accounts.length > 1);
  await page.getByRole('button', { name: 'Delete box' }).click();
  await page.getByRole('button', { name: 'Delete it?' }).click();
  await page.waitForURL(/#\/default\/sandboxes/);
  assert.ok(!(await control(all, 'GET', 'sandboxes')).sandboxes.some(({ name }) => name === 'box'));
  await page.finish();
});

test('an assumption is changed in place, marked, and put back', async () => {
  const name = await sandbox(all, 'assumed');
  const page = await open(all, `${name}/assumptions`);
  await page.getByRole('combobox', { name: 'spelling', exact: true }).selectOption('british');
  await page.locator('tr.differs', { hasText: 'spelling' }).waitFor();
  assert.equal((await control(all, 'GET', `sandboxes/${name}/assumptions`)).assumptions.spelling, 'british');
  assert.match(await page.locator('tr.differs').innerText(), /unrecognised/);
  await page.getByRole('button', { name: 'All to the default' }).click();
  await page.getByText('all as by default').waitFor();
  assert.equal((await control(all, 'GET', `sandboxes/${name}/assumptions`)).assumptions.spelling, 'american');
  await page.finish();
});

test('what stands between back-ticks in a reason is shown as code', async () => {
  const page = await open(all, 'default/assumptions');
  const reason = page.locator('tr', { has: page.getByRole('combobox', { name: 'spelling', exact: true }) }).locator('td').last();
  await reason.waitFor();
  assert.deepEqual(await reason.locator('code').allInnerTexts(), ['unrecognized', 'unrecognised']);
  assert.ok(!(await page.locator('main').innerText()).includes('`'));
  await page.finish();
});

test('the snippets have the URL of the sandbox, and those of curl and Node run', async () => {
  const name = await sandbox(all, 'snippets');
  const page = await open(all, `${name}/use`);
  const folder = mkdtempSync(path.join(tmpdir(), 'console-'));
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download ca.pem' }).click()]);
  writeFileSync(path.join(folder, 'ca.pem'), readFileSync(await download.path()));
  const text = {};
  for (const language of ['curl', 'Python', 'Node', 'Java', 'Go', 'PHP', 'Rust']) {
    await page.getByRole('button', { name: language, exact: true }).click();
    text[language] = await page.getByLabel(`${language} snippet`).innerText();
    assert.ok(text[language].includes(`${all.emulator.https}/sandboxes/${name}/products/download/CollectSMIME`), text[language]);
  }
  await page.getByLabel('Snippets').getByRole('button', { name: 'Copy' }).click();
  await page.getByText('Copied.').waitFor();
  assert.equal(await clipboard(page), text.Rust);
  const run = async (command, ...words) => (await promisify(execFile)(command, words, { cwd: folder, env: { ...process.env, NODE_EXTRA_CA_CERTS: path.join(folder, 'ca.pem') } })).stdout;
  writeFileSync(path.join(folder, 'client.mjs'), text.Node);
  assert.match(await run('sh', '-c', text.curl), /BEGIN CERTIFICATE/);
  assert.match(await run('node', 'client.mjs'), /BEGIN CERTIFICATE/);
  await page.finish();
});

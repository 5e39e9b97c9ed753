// Live calls: the table, its filters, the call that is opened, and what can be done with it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { call, clipboard, control, open, sandbox, setUp, until } from './harness.mjs';
import { proxy } from './proxy.mjs';

const all = setUp();
const rows = (page) => page.locator('table.calls tbody tr');
const REVOKE = { orderNumber: '2200005', revocationReason: 'test' };

test('a call appears as it is made, with its code, its name and its hint', async () => {
  const name = await sandbox(all, 'live');
  const page = await open(all, `${name}/calls`);
  await page.getByRole('heading', { name: 'No calls yet.' }).waitFor();
  await call(all, '!autoRevokeCS', REVOKE, `/sandboxes/${name}`);
  const row = rows(page).first();
  await row.waitFor();
  const text = await row.innerText();
  for (const part of ['!autoRevokeCS', 'login_name', '2200005', '−21', 'The certificate has already been Revoked!']) assert.ok(text.includes(part), `${part} in ${text}`);
  const bad = await row.locator('.code').evaluate((element) => getComputedStyle(element).color);
  const plain = await row.evaluate((element) => getComputedStyle(element).color);
  assert.notEqual(bad, plain, 'the code has a colour');
  await page.finish();
});

test('an opened call has its arguments with the rows of the catalogue, and its reply to the byte', async () => {
  const name = await sandbox(all, 'opened');
  await call(all, '!autoRevokeCS', { ...REVOKE, includeInCRL: 'Q', colour: 'red' }, `/sandboxes/${name}`);
  const page = await open(all, `${name}/calls`);
  await rows(page).first().click();
  const detail = page.getByRole('region', { name: 'Call 1' });
  await detail.waitFor();
  assert.match(page.url(), /#\/opened\/calls\/1$/);
  const reply = detail.locator('pre.reply');
  await reply.waitFor();
  assert.equal(await reply.locator('.eol').count(), 2);
  const [journal] = (await control(all, 'GET', `sandboxes/${name}/calls`)).calls;
  const shown = await reply.evaluate((element) => [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join(''));
  assert.equal(shown, journal.reply);
  const login = detail.locator('tr', { has: page.getByRole('rowheader', { name: 'loginPassword' }) });
  assert.match(await login.innerText(), /\*\*\*.*required string up to 128.*documented/s);
  assert.ok((await detail.innerText()).includes(journal.hint));
  await page.finish();
});

test('copied as curl, a call is answered in the same way, with the password of the shell', async () => {
  const name = await sandbox(all, 'curl');
  await call(all, '!autoRevokeCS', { ...REVOKE, revocationReason: "it's $HOME & `more`" }, `/sandboxes/${name}`);
  const page = await open(all, `${name}/calls/1`);
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await page.getByText('Copied.').waitFor();
  const command = await clipboard(page);
  assert.ok(command.includes('$PASSWORD') && !command.includes('login_password'), command);
  const folder = mkdtempSync(path.join(tmpdir(), 'console-'));
  writeFileSync(path.join(folder, 'ca.pem'), await (await fetch(`${all.emulator.control}/control/v1/tls/ca.pem`)).text());
  const answer = execFileSync('sh', ['-c', command], { cwd: folder, env: { ...process.env, PASSWORD: 'login_password' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  assert.equal(answer, '-21\nThe certificate has already been Revoked!\n');
  const { calls } = await control(all, 'GET', `sandboxes/${name}/calls`);
  assert.deepEqual(calls[1].arguments, calls[0].arguments);
  await page.finish();
});

test('sent again, a call is made once more and opened', async () => {
  const name = await sandbox(all, 'again');
  await call(all, '!autoRevokeCS', REVOKE, `/sandboxes/${name}`);
  const page = await open(all, `${name}/calls/1`);
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByRole('region', { name: 'Call 2' }).waitFor();
  const { calls } = await control(all, 'GET', `sandboxes/${name}/calls`);
  assert.deepEqual(calls.map(({ code }) => code), [-21, -21]);
  await page.finish();
});

test('made a fixture, a call has its order as it was before, and the emulator takes the text', async () => {
  const name = await sandbox(all, 'fixture');
  await call(all, '!autoRevokeCS', { orderNumber: '2200003', revocationReason: 'test' }, `/sandboxes/${name}`);
  const page = await open(all, `${name}/calls/1`);
  await page.getByRole('button', { name: 'Make this a fixture' }).click();
  const text = await page.getByRole('dialog').locator('pre').innerText();
  await control(all, 'POST', 'sandboxes', { name: 'made', fixtures: text });
  const order = await control(all, 'GET', 'sandboxes/made/orders/2200003');
  assert.equal(order.state, 'issued');
  assert.equal((await control(all, 'GET', `sandboxes/${name}/orders/2200003`)).state, 'revoked');
  await page.finish();
});

test('the filters choose by endpoint, login, order, code and text, and are in the address', async () => {
  const name = await sandbox(all, 'filters');
  const at = `/sandboxes/${name}`;
  await call(all, '!autoRevokeCS', REVOKE, at);
  await call(all, 'download/CollectSMIME', { orderNumber: '1100003', queryType: '0' }, at);
  await call(all, '!autoRevokeCS', { loginName: 'no_permission', orderNumber: '1', revocationReason: 'needle' }, at);
  const page = await open(all, `${name}/calls`);
  const count = (wanted) => until(`${wanted} rows`, async () => (await rows(page).count()) === wanted);
  await count(3);
  const clear = () => page.getByRole('button', { name: 'No filter' }).click();
  await page.getByRole('combobox', { name: 'Endpoint' }).selectOption('download/CollectSMIME');
  await count(1);
  assert.match(page.url(), /endpoint=download%2FCollectSMIME/);
  await clear();
  for (const [label, value] of [['loginName', 'no_permission'], ['orderNumber', '2200005'], ['code', '-91'], ['Search in the calls', 'needle']]) {
    await count(3);
    await page.getByLabel(label, { exact: true }).fill(value);
    await count(1);
    await clear();
  }
  await page.getByLabel('Search in the calls').fill('nothing has this');
  await page.getByRole('heading', { name: 'No call matches.' }).waitFor();
  await page.finish();
});

test('paused, the table stands still and says how many wait; cleared, the journal is empty', async () => {
  const name = await sandbox(all, 'paused');
  const at = `/sandboxes/${name}`;
  await call(all, '!autoRevokeCS', REVOKE, at);
  const page = await open(all, `${name}/calls`);
  await rows(page).first().waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await call(all, '!autoRevokeCS', REVOKE, at);
  await call(all, '!autoRevokeCS', REVOKE, at);
  const on = page.getByRole('button', { name: 'Go on (2 new)' });
  await on.waitFor();
  assert.equal(await rows(page).count(), 1);
  await on.click();
  await until('three rows', async () => (await rows(page).count()) === 3);
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.getByRole('button', { name: 'Forget every call?' }).click();
  await page.getByRole('heading', { name: 'No calls yet.' }).waitFor();
  assert.deepEqual((await control(all, 'GET', `sandboxes/${name}/calls`)).calls, []);
  await page.finish();
});

test('where it is narrow, each of the two times of a call says which it is', async () => {
  const name = await sandbox(all, 'times');
  await call(all, '!autoRevokeCS', REVOKE, `/sandboxes/${name}`);
  const page = await open(all, `${name}/calls`, { viewport: { width: 400, height: 800 } });
  await rows(page).first().waitFor();
  const labels = await rows(page).first().locator('td').evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell, '::before').content));
  assert.deepEqual(labels.filter((label) => label !== 'none').map((label) => label.replaceAll('"', '').trim()), ['clock', 'real time']);
  await page.finish();
});

test('the journal is read once, whatever view is gone to', async () => {
  const name = await sandbox(all, 'once');
  await call(all, '!autoRevokeCS', REVOKE, `/sandboxes/${name}`);
  const page = await open(all, `${name}/calls`);
  await rows(page).first().waitFor();
  const read = [];
  page.on('request', (request) => { if (/\/calls\?/.test(request.url())) read.push(request.url()); });
  for (const view of ['Clock', 'Faults', 'Calls']) {
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click();
    await page.getByRole('heading', { name: view, level: 1 }).waitFor();
  }
  await rows(page).first().click();
  await page.getByRole('region', { name: 'Call 1' }).waitFor();
  assert.deepEqual(read, []);
  await page.finish();
});

test('after a break the stream goes on from the last id, and nothing is lost', async () => {
  const name = await sandbox(all, 'broken');
  const at = `/sandboxes/${name}`;
  const front = await proxy(all.emulator.control, process.env.CONSOLE_FOLDER);
  const page = await open(all, `${name}/calls`, { url: front.url, expected: [/net::ERR_/] });
  await page.locator('.connection.live').waitFor();
  await call(all, '!autoRevokeCS', REVOKE, at);
  await rows(page).first().waitFor();
  front.cut();
  await page.getByText('reconnecting').waitFor();
  for (let turn = 0; turn < 5; turn += 1) await call(all, '!autoRevokeCS', REVOKE, at);
  front.mend();
  await until('six rows', async () => (await rows(page).count()) === 6);
  const ids = await rows(page).locator('.row-link').allInnerTexts();
  assert.deepEqual(ids, ['6', '5', '4', '3', '2', '1']);
  assert.equal(front.seen[0]['last-event-id'], '0');
  assert.equal(front.seen.at(-1)['last-event-id'], '1');
  await page.finish();
  front.close();
});

test('after a break, a journal that cannot be compared with the one before is read anew', async () => {
  const name = await sandbox(all, 'compared');
  const front = await proxy(all.emulator.control, process.env.CONSOLE_FOLDER);
  const page = await open(all, `${name}/calls`, { url: front.url, expected: [/net::ERR_/] });
  await call(all, '!autoRevokeCS', REVOKE, `/sandboxes/${name}`);
  await rows(page).first().waitFor();
  await page.route('**/calls?limit=1', (route) => route.abort());
  const [again] = await Promise.all([
    page.waitForRequest('**/calls?limit=1000'),
    page.getByText('reconnecting').waitFor().then(() => front.mend()),
    front.cut(),
  ]);
  assert.equal((await again.response()).status(), 200);
  await page.locator('.connection.live').waitFor();
  assert.equal(await rows(page).count(), 1);
  await page.finish();
  front.close();
});

// A person's habits: the keyboard, screen readers, narrow and wide windows, the address, hostile strings, the token.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { call, control, open, sandbox, setUp, startEmulator, until } from './harness.mjs';
import { proxy } from './proxy.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const VIEWS = ['calls', 'calls/1', 'orders', 'orders/2200003', 'accounts', 'accounts/login_name', 'clock', 'try', 'try/!AutoApplyOrder', 'faults', 'sandboxes', 'assumptions', 'use'];

const all = setUp();
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('aria-label') || document.activeElement.innerText);

test('with the keyboard alone: search, go through the rows, open, close, change the view, see the keys', async () => {
  const name = await sandbox(all, 'keys');
  for (const orderNumber of ['2200005', '2200006', '2200007']) await call(all, '!autoRevokeCS', { orderNumber, revocationReason: 'test' }, `/sandboxes/${name}`);
  const page = await open(all, `${name}/calls`);
  await page.locator('.row-link').nth(2).waitFor();
  const press = (key) => page.keyboard.press(key);
  await press('/');
  await page.keyboard.type('22000');
  await press('Escape');
  await press('j');
  assert.equal(await focused(page), 'Call 3');
  await press('j');
  await press('j');
  await press('j');
  assert.equal(await focused(page), 'Call 1');
  await press('k');
  await press('Enter');
  await page.getByRole('region', { name: 'Call 2' }).waitFor();
  assert.match(page.url(), /calls\/2/);
  await press('Escape');
  await page.getByRole('region', { name: 'Call 2' }).waitFor({ state: 'detached' });
  await press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await press('Escape');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'detached' });
  await press('g');
  await press('o');
  await page.waitForURL(/\/orders/);
  await page.locator('.row-link', { hasText: '1100001' }).first().waitFor();
  await press('j');
  await press('Enter');
  await page.getByRole('region', { name: 'Order 1100001' }).waitFor();
  // To a field of the order by Tab, and changed there.
  for (let turn = 0; turn < 200 && (await focused(page)) !== 'Change email'; turn += 1) await press('Tab');
  await press('Enter');
  await press('Control+A');
  await page.keyboard.type('keys@example.com');
  await press('Enter');
  await until('the order is changed', async () => (await control(all, 'GET', `sandboxes/${name}/orders/1100001`)).email === 'keys@example.com');
  await page.finish();
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing in any view, ${colorScheme}`, async () => {
    await call(all, '!autoRevokeCS', { orderNumber: '2200003', revocationReason: 'test' });
    for (const width of [360, 1280]) {
      const page = await open(all, 'default/calls', { colorScheme, viewport: { width, height: 800 } });
      await page.evaluate(AXE);
      for (const view of VIEWS) {
        await show(page, view);
        assert.deepEqual(await findings(page), [], `${view} at ${width}`);
      }
      await page.finish();
    }
  });
}

// Goes to a view by its address, until it is drawn.
async function show(page, view) {
  await page.evaluate((hash) => { location.hash = hash; }, `#/default/${view}`);
  const [name, id] = view.split('/');
  await page.locator(`nav a[aria-current][href$="/${name}"]`).waitFor();
  if (id && name !== 'try') await page.locator('.detail > *').nth(1).waitFor();
  await page.locator('main > *').nth(1).waitFor();
  await page.waitForTimeout(300);
}

async function findings(page) {
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`));
}

test('axe finds nothing in the windows that open over the page', async () => {
  const page = await open(all, 'default/orders');
  await page.evaluate(AXE);
  await page.getByRole('button', { name: 'New order' }).click();
  await page.getByRole('dialog').getByLabel('loginName').waitFor();
  assert.deepEqual(await findings(page), []);
  await page.getByRole('button', { name: 'Close' }).click();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  assert.deepEqual(await findings(page), []);
  await page.finish();
});

test('nothing is wider than the window, from 360 to 2560 pixels', async () => {
  for (const width of [360, 768, 1280, 2560]) {
    const page = await open(all, 'default/calls', { viewport: { width, height: 800 } });
    for (const view of VIEWS) {
      await show(page, view);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${view} at ${width}`);
    }
    await page.finish();
  }
});

test('every cell of every table is seen whole, at 360 and 1280 pixels', async () => {
  await call(all, '!autoRevokeCS', { orderNumber: '2200007', revocationReason: 'test' });
  await call(all, 'download/RequestAndCollectSMIME', { orderNumber: '1100008', queryType: '0' });
  for (const width of [360, 1280]) {
    const page = await open(all, 'default/calls', { viewport: { width, height: 800 } });
    for (const view of VIEWS) {
      await show(page, view);
      const lacking = await page.evaluate(() => {
        const isWide = (element) => element.scrollWidth > element.clientWidth + 1;
        const isOut = (cell) => !cell.getClientRects().length || cell.getBoundingClientRect().right > innerWidth;
        const shown = [...document.querySelectorAll('main .table')].filter((table) => table.checkVisibility());
        const cells = shown.flatMap((table) => [...table.querySelectorAll('tbody :is(th, td)')]).filter((cell) => cell.innerText.trim());
        return [...shown.filter(isWide), ...cells.filter((cell) => isOut(cell) || isWide(cell))].map((one) => `${one.className}: ${one.innerText.slice(0, 80)}`);
      });
      assert.deepEqual(lacking, [], `${view} at ${width}`);
    }
    await page.finish();
  }
});

test('a field that is changed stays within its table at 360 pixels', async () => {
  const page = await open(all, 'default/orders/1100003', { viewport: { width: 360, height: 800 } });
  const table = page.locator('table.entry');
  await table.getByRole('button', { name: 'Change' }).first().click();
  await table.getByRole('button', { name: 'Save' }).waitFor();
  const hidden = await table.evaluate((element) => element.parentElement.scrollWidth - element.parentElement.clientWidth);
  assert.equal(hidden, 0);
  await page.finish();
});

test('the hint of a call is read in its row, at 360 and 1280 pixels', async () => {
  const name = await sandbox(all, 'hints');
  await call(all, '!autoRevokeCS', { orderNumber: '2200007', revocationReason: 'test' }, `/sandboxes/${name}`);
  const [{ hint }] = (await control(all, 'GET', `sandboxes/${name}/calls`)).calls;
  for (const width of [360, 1280]) {
    const page = await open(all, `${name}/calls`, { viewport: { width, height: 800 } });
    const told = page.locator('table.calls tbody tr').getByText(hint);
    await told.waitFor();
    const { right } = await told.evaluate((element) => element.getBoundingClientRect());
    assert.ok(right <= width, `${right} of ${width}`);
    await page.finish();
  }
});

test('the address names what is shown, and another window shows the same', async () => {
  const page = await open(all, 'default/orders?state=issued&sort=-expires');
  await page.locator('.row-link').first().waitFor();
  await page.locator('.row-link').first().click();
  await page.locator('.detail .headline').waitFor();
  const address = page.url().split('#/')[1];
  const other = await open(all, address);
  await other.locator('.detail .headline').waitFor();
  assert.equal(await other.locator('.detail h2').innerText(), await page.locator('.detail h2').innerText());
  assert.equal(await other.getByLabel('State', { exact: true }).inputValue(), 'issued');
  await page.goBack();
  await page.locator('.detail').waitFor({ state: 'detached' });
  await page.finish();
  await other.finish();
});

test('hostile strings are text wherever they are shown', async () => {
  const name = await sandbox(all, 'hostile');
  const hostile = [
    '<script>document.title="broken"</script>', '<img src=x onerror=alert(1)>', '"><svg onload=alert(1)>', 'javascript:alert(1)', '${alert(1)}', '</td></table><h1>out</h1>',
    '\u202ereversed', 'a\u0000b\u001b[31m', '<style>*{display:none}</style>', '{{constructor.constructor("alert(1)")()}}', '&lt;b&gt;', '‮'.repeat(50), 'x'.repeat(5000),
  ];
  for (const text of hostile) await call(all, '!autoRevokeCS', { orderNumber: '2200003', revocationReason: text, accountID: text, loginName: 'login_name' }, `/sandboxes/${name}`);
  await control(all, 'POST', `sandboxes/${name}/accounts`, { loginName: '<b>login</b>', loginPassword: 'password' });
  await control(all, 'POST', `sandboxes/${name}/faults`, { endpoint: '!AutoApplyOrder', then: { status: 502, body: '<img src=x onerror=alert(1)>' } });
  await control(all, 'PATCH', `sandboxes/${name}/orders/2200001`, { organization: '<img src=x onerror=alert(1)>' });
  const page = await open(all, `${name}/calls`);
  let dialogs = 0;
  page.on('dialog', (dialog) => { dialogs += 1; dialog.dismiss(); });
  await until('every call', async () => (await page.locator('table.calls tbody tr').count()) === hostile.length);
  for (let id = 1; id <= hostile.length; id += 1) {
    await page.goto(`${all.url}/#/${name}/calls/${id}`);
    const value = page.getByRole('region', { name: `Call ${id}` }).locator('tr', { has: page.getByRole('rowheader', { name: 'accountID' }) }).first().locator('.value');
    const { calls } = await control(all, 'GET', `sandboxes/${name}/calls`);
    const sent = calls[id - 1].arguments.find((argument) => argument.name === 'accountID').value;
    await until(`the value of call ${id}`, async () => (await value.evaluate((element) => element.textContent)) === sent);
  }
  for (const view of ['orders/2200001', 'accounts', 'faults']) {
    await page.goto(`${all.url}/#/${name}/${view}`);
    await page.waitForTimeout(300);
  }
  assert.equal(await page.locator('main img, main script, main style, main svg, main b:has-text("login")').count(), 0);
  assert.match(await page.title(), /sectigo-emulator$/);
  assert.equal(dialogs, 0);
  await page.finish();
});

test('with --control-token the page asks once, keeps the token in memory, and forgets it with the page', async () => {
  const guarded = await startEmulator('--control-token', 'open-sesame-1234');
  const front = process.env.CONSOLE_FOLDER ? await proxy(guarded.control, process.env.CONSOLE_FOLDER) : null;
  const url = front?.url || guarded.control;
  const page = await open(all, 'default/orders', { url, expected: [/401/] });
  const dialog = page.getByRole('dialog', { name: 'The control API wants a token' });
  await dialog.getByLabel('Token').fill('wrong-token-wrong');
  await dialog.getByRole('button', { name: 'Use it' }).click();
  await dialog.getByLabel('Token').waitFor();
  await dialog.getByLabel('Token').fill('open-sesame-1234');
  await dialog.getByRole('button', { name: 'Use it' }).click();
  await page.locator('.row-link').first().waitFor();
  await page.locator('.connection.live').waitFor();
  assert.equal(await dialog.count(), 0);
  const [download] = await Promise.all([page.waitForEvent('download'), page.goto(`${url}/#/default/use`).then(() => page.getByRole('button', { name: 'Download ca.pem' }).click())]);
  assert.match(readFileSync(await download.path(), 'utf8'), /BEGIN CERTIFICATE/);
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie + location.href);
  assert.ok(!kept.includes('sesame'), kept);
  await page.reload();
  await dialog.waitFor();
  await page.finish();
  front?.close();
  guarded.stop();
});

// Orders and accounts: tables that the server searches, sorts and pages; what is opened; fields changed in place.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { call, control, open, sandbox, setUp, until } from './harness.mjs';

const all = setUp();
const numbers = (page) => page.locator('table.orders .row-link').allInnerTexts();

test('orders are searched, sorted and paged, all in the address', async () => {
  const name = await sandbox(all, 'pages');
  for (let turn = 0; turn < 90; turn += 1) {
    await control(all, 'POST', `sandboxes/${name}/orders`, { orderNumber: 3000000 + turn, loginName: 'login_name', product: 'smime', state: 'issued', email: `mail${turn}@example.com` });
  }
  const page = await open(all, `${name}/orders`);
  await page.getByText('1 to 50 of 112').waitFor();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('51 to 100 of 112').waitFor();
  await page.getByRole('button', { name: 'Last' }).click();
  await page.getByText('101 to 112 of 112').waitFor();
  await page.getByRole('button', { name: 'orderNumber' }).click();
  await until('falling numbers', async () => (await numbers(page))[0] === '3000089');
  await page.getByLabel('Search orders').fill('mail4@');
  await until('the one that was searched', async () => (await numbers(page)).join() === '3000004');
  assert.match(page.url(), /sort=-orderNumber.*search=mail4%40|search=mail4%40.*sort=-orderNumber/);
  await page.reload();
  await until('the same after a reload', async () => (await numbers(page)).join() === '3000004');
  await page.getByRole('button', { name: 'No filter' }).click();
  await page.getByLabel('State', { exact: true }).selectOption('revoked');
  await until('the revoked', async () => (await numbers(page)).join() === '1100005,2200005');
  await page.finish();
});

test('an order shows its life, what each endpoint would answer, and its certificate', async () => {
  const name = await sandbox(all, 'life');
  const page = await open(all, `${name}/orders/2200003`);
  const detail = page.getByRole('region', { name: 'Order 2200003' });
  const next = detail.getByRole('region', { name: 'What each endpoint would answer' });
  const row = next.locator('tr', { hasText: '!autoRevokeCS' }).first();
  assert.match(await row.innerText(), /0\s+revoked/);
  await call(all, '!autoRevokeCS', { orderNumber: '2200003', revocationReason: 'test' }, `/sandboxes/${name}`);
  await detail.locator('.headline .state-revoked').waitFor();
  await until('-21 from now on', async () => (await row.innerText()).includes('−21'));
  const life = detail.locator('.life li');
  await until('both states', async () => (await life.locator('.state').allInnerTexts()).join() === 'issued,revoked');
  assert.equal(await life.last().getByRole('link', { name: 'call 1' }).getAttribute('href'), `#/${name}/calls/1`);
  const certificate = await (await fetch(`${all.emulator.control}/control/v1/sandboxes/${name}/orders/2200003/certificate`)).text();
  const told = execFileSync('openssl', ['x509', '-noout', '-serial', '-fingerprint', '-sha256', '-ext', 'extendedKeyUsage'], { input: certificate, encoding: 'utf8' });
  const text = await detail.innerText();
  assert.ok(text.includes(/serial=(\w+)/.exec(told)[1]), text);
  assert.ok(text.includes(/Fingerprint=(\S+)/.exec(told)[1].replaceAll(':', '')), text);
  assert.match(text, /RSA \d{4} bits|EC P-256/);
  await detail.getByText(/\d+ extensions/).click();
  assert.match(await detail.locator('.extensions').innerText(), /codeSigning/);
  assert.ok(await detail.getByLabel(/Validity: \d+ %/).isVisible());
  await page.finish();
});

test('the life of an order says what the clock brings, as the order has it', async () => {
  const name = await sandbox(all, 'later');
  await control(all, 'PUT', `sandboxes/${name}/clock`, { now: '2031-01-01T00:00:00Z', frozen: true });
  const order = (number, fields) => control(all, 'PATCH', `sandboxes/${name}/orders/${number}`, fields);
  await order(1100001, { state: 'being-issued', due: '+1d', expires: '+3d', issuanceFails: 'pre-sign' });
  await order(1100002, { due: '+1d', expires: '+3d' });
  await order(1100003, { state: 'issued', issued: '-1d', expires: '+3d' });
  await order(1100004, { state: 'replaced', issued: '-1d', expires: '+3d' });
  await order(1100005, { state: 'revoked', issued: '-1d', expires: '+3d' });
  const [due, expires] = ['2031-01-02 00:00:00', '2031-01-04 00:00:00'];
  const wanted = {
    1100001: [`issuance fails ${due}`], 1100002: [`is issued ${due}`, `expires ${expires}`], 1100003: [`expires ${expires}`],
    1100004: [`expires ${expires}`], 1100005: [],
  };
  const page = await open(all, `${name}/orders`);
  for (const [number, lines] of Object.entries(wanted)) {
    await page.goto(`${all.url}/#/${name}/orders/${number}`);
    const life = page.getByRole('region', { name: `Order ${number}` }).locator('.life');
    await life.waitFor();
    const told = (await life.locator('.later').allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));
    assert.deepEqual(told.map((text, at) => text.slice(0, lines[at]?.length)), lines, `${number}: ${told.join('; ')}`);
  }
  await page.finish();
});

test('from the order that is being issued one goes to the time when it is issued', async () => {
  const name = await sandbox(all, 'issuance');
  await control(all, 'PATCH', `sandboxes/${name}/orders/1100002`, { due: '+2h' });
  const page = await open(all, `${name}/orders/1100002`);
  const detail = page.getByRole('region', { name: 'Order 1100002' });
  await detail.locator('.life .later', { hasText: 'issued' }).getByRole('button', { name: /Set the clock to/ }).click();
  await detail.locator('.headline .state-issued').waitFor();
  await detail.locator('.life .now .state-issued').waitFor();
  assert.equal((await control(all, 'GET', `sandboxes/${name}/orders/1100002`)).state, 'issued');
  await page.finish();
});

test('the files of an order are saved, and OCSP is asked by its link', async () => {
  const name = await sandbox(all, 'files');
  const page = await open(all, `${name}/orders/1234567`);
  const saved = async (button) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button, exact: true }).click()]);
    return download.path();
  };
  const pem = await saved('Certificate PEM');
  const chain = await saved('Chain');
  execFileSync('openssl', ['verify', '-partial_chain', '-trusted', chain, '-purpose', 'any', pem]);
  execFileSync('openssl', ['x509', '-inform', 'DER', '-noout', '-in', await saved('DER')]);
  const url = await page.locator('dd a', { hasText: '/ocsp/' }).getAttribute('href');
  const answer = path.join(mkdtempSync(path.join(tmpdir(), 'console-')), 'answer.der');
  writeFileSync(answer, Buffer.from(await (await fetch(url)).arrayBuffer()));
  const told = execFileSync('openssl', ['ocsp', '-respin', answer, '-resp_text', '-noverify'], { encoding: 'utf8' });
  assert.match(told, /OCSP Response Status: successful[^]*Cert Status: good/);
  await page.finish();
});

test('a field is changed in place, and an error stands at the field', async () => {
  const name = await sandbox(all, 'fields');
  const page = await open(all, `${name}/orders/1100003`, { expected: [/422|400/] });
  await page.getByRole('button', { name: 'Change email' }).click();
  await page.getByRole('textbox', { name: 'email' }).fill('other@example.com');
  await page.keyboard.press('Enter');
  await page.locator('.headline', { hasText: 'other@example.com' }).waitFor();
  await page.getByRole('button', { name: 'Change expires' }).click();
  await page.getByRole('textbox', { name: 'expires' }).fill('soon');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const wrong = page.locator('form.change.wrong [role=alert]');
  await wrong.waitFor();
  assert.match(await wrong.innerText(), /soon|RFC 3339/);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Change state', exact: true }).click();
  await page.getByRole('combobox', { name: 'state', exact: true }).selectOption('on-hold');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.locator('.headline .state-on-hold').waitFor();
  assert.equal((await control(all, 'GET', `sandboxes/${name}/orders/1100003`)).state, 'on-hold');
  await page.finish();
});

test('an order is made and deleted', async () => {
  const name = await sandbox(all, 'made');
  const page = await open(all, `${name}/orders`, { expected: [/404|409|422/] });
  await page.getByRole('button', { name: 'New order' }).click();
  const dialog = page.getByRole('dialog', { name: 'New order' });
  await dialog.getByLabel('loginName', { exact: true }).fill('nobody');
  await dialog.getByLabel('orderNumber', { exact: true }).fill('4000001');
  await dialog.getByLabel('email', { exact: true }).fill('new@example.com');
  await dialog.getByRole('button', { name: 'Make the order' }).click();
  await dialog.locator('.field.wrong', { hasText: 'loginName' }).waitFor();
  await dialog.getByLabel('loginName', { exact: true }).fill('login_name');
  await dialog.getByRole('button', { name: 'Make the order' }).click();
  await page.getByRole('region', { name: 'Order 4000001' }).waitFor();
  assert.equal((await control(all, 'GET', `sandboxes/${name}/orders/4000001`)).email, 'new@example.com');
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete the order?' }).click();
  await page.getByText('Order 4000001 is deleted.').waitFor();
  const { orders } = await control(all, 'GET', `sandboxes/${name}/orders`);
  assert.ok(!orders.some(({ orderNumber }) => orderNumber === 4000001));
  await page.finish();
});

test('an account is made, changed and deleted; its password is never shown', async () => {
  const name = await sandbox(all, 'accounts');
  const page = await open(all, `${name}/accounts`);
  await page.getByRole('button', { name: 'New account' }).click();
  const dialog = page.getByRole('dialog', { name: 'New account' });
  await dialog.getByLabel('loginName', { exact: true }).fill('tester');
  await dialog.getByLabel('loginPassword', { exact: true }).fill('s3cret-of-tester');
  await dialog.getByRole('button', { name: 'Make the account' }).click();
  const detail = page.getByRole('region', { name: 'Account tester' });
  await detail.waitFor();
  assert.ok(!(await page.content()).includes('s3cret-of-tester'));
  await detail.getByRole('button', { name: 'Change locked' }).click();
  await detail.getByRole('combobox', { name: 'locked' }).selectOption('true');
  await detail.getByRole('button', { name: 'Save', exact: true }).click();
  await page.locator('table.accounts tr', { hasText: 'tester' }).getByText('locked').waitFor();
  await page.getByLabel('Search accounts').fill('tester');
  await until('one account', async () => (await page.locator('table.accounts .row-link').count()) === 1);
  await detail.getByRole('button', { name: 'Delete' }).click();
  await detail.getByRole('button', { name: 'Delete the account?' }).click();
  await page.getByText('Account tester is deleted.').waitFor();
  await page.finish();
});

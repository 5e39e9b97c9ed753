// Try it: the forms of the catalogue, CSRs made in the browser, and every documented code by its button.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { control, open, sandbox, setUp, until } from './harness.mjs';

const all = setUp();

test('each endpoint has a form of its arguments, with kind, limit, default and mark, prefilled with the example', async () => {
  const { endpoints } = await control(all, 'GET', 'endpoints');
  const page = await open(all, 'default/try');
  for (const endpoint of endpoints) {
    await page.getByLabel('Endpoint').selectOption(endpoint.name);
    await page.getByText(endpoint.summary).waitFor();
    const names = await page.locator('.argument label').allInnerTexts();
    const details = page.locator('.arguments-form details');
    if (await details.count()) await details.evaluate((element) => { element.open = true; });
    const every = await page.locator('.argument label').allInnerTexts();
    assert.deepEqual(every.sort(), endpoint.arguments.map(({ name }) => name).sort(), `${endpoint.name}: ${names}`);
    const codes = await page.locator('.codes button .code').allInnerTexts();
    assert.deepEqual(codes.map((code) => Number(code.replace('−', '-'))), endpoint.codes.map(({ code }) => code));
    const [name, value] = endpoint.example.find(([one]) => one === 'orderNumber') || endpoint.example.find(([one]) => one === 'product');
    assert.equal(await page.locator(`[id="argument-${name}"]`).inputValue(), value);
  }
  const order = page.locator('.argument', { has: page.locator('label', { hasText: 'loginName' }) }).first();
  assert.match(await order.innerText(), /documented[^]*required string up to 64/);
  await page.finish();
});

test('a catalogue that does not arrive is asked for again, and meanwhile it is said', async () => {
  const page = await open(all, 'default/clock', { expected: [/500/] });
  await page.locator('.large').waitFor();
  let lacks = true;
  await page.route('**/control/v1/endpoints', (route) => (lacks ? route.fulfill({ status: 500, json: { detail: 'not yet' } }) : route.continue()));
  await page.goto(`${all.url}/#/default/try`);
  await page.reload();
  const band = page.getByRole('alert').filter({ hasText: 'not yet' });
  await band.waitFor();
  lacks = false;
  await page.locator('.codes button').first().waitFor();
  await band.waitFor({ state: 'detached' });
  await page.finish();
});

for (const [kind, said] of [['EC P-256', /Public-Key: \(256 bit\)/], ['RSA 2048', /Public-Key: \(2048 bit\)/]]) {
  test(`a CSR with an ${kind} key is made in the browser and taken`, async () => {
    const name = await sandbox(all, `csr-${kind.replaceAll(' ', '')}`);
    const page = await open(all, `${name}/try/!AutoReplaceSMIME`);
    await page.getByRole('button', { name: `Make: ${kind}` }).click();
    const csr = page.getByLabel('csr', { exact: true });
    await until('a CSR', async () => (await csr.inputValue()).includes('BEGIN'));
    const told = execFileSync('openssl', ['req', '-noout', '-verify', '-text'], { input: await csr.inputValue(), encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] });
    assert.match(told, said);
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    const reply = page.getByRole('region', { name: 'Reply', exact: true });
    await reply.waitFor();
    for (const format of ['0', '1', '2']) await reply.getByRole('heading', { name: `responseFormat=${format}` }).waitFor();
    assert.match(await reply.getByLabel('Reply in format 0').innerText(), /^0/);
    assert.match(await reply.getByLabel('Reply in format 1').innerText(), /^errorCode=0&orderNumber=/);
    assert.match(await reply.getByLabel('Reply in format 2').innerText(), /^\{"errorCode":0,"orderNumber":"?\d+/);
    const { calls } = await control(all, 'GET', `sandboxes/${name}/calls`);
    assert.deepEqual(calls.map(({ endpoint, code }) => [endpoint, code]), [['!AutoReplaceSMIME', 0]], 'the other formats leave no trace');
    assert.deepEqual((await control(all, 'GET', 'sandboxes')).sandboxes.filter(({ ttl }) => ttl), []);
    await page.finish();
  });
}

test('every documented code comes by its button', async () => {
  const name = await sandbox(all, 'codes');
  const { endpoints } = await control(all, 'GET', 'endpoints');
  const page = await open(all, `${name}/try`);
  const before = await control(all, 'GET', `sandboxes/${name}/assumptions`);
  let pressed = 0;
  for (const endpoint of endpoints) {
    await page.getByLabel('Endpoint').selectOption(endpoint.name);
    await page.getByText(endpoint.summary).waitFor();
    for (const [at, { code }] of endpoint.codes.entries()) {
      await control(all, 'DELETE', `sandboxes/${name}/calls`);
      await page.locator('.codes button').nth(at).click();
      const newest = await until(`${endpoint.name} ${code}`, async () => (await control(all, 'GET', `sandboxes/${name}/calls?endpoint=${encodeURIComponent(endpoint.name)}&code=${code}`)).calls.at(-1));
      await page.locator('.answer', { has: page.getByRole('link', { name: `Open call ${newest.id}`, exact: true }) }).waitFor();
      assert.equal(await page.locator('.answer .headline .code').innerText(), String(code).replace('-', '−'));
      pressed += 1;
    }
  }
  assert.ok(pressed > 150, `${pressed} codes`);
  assert.deepEqual(await control(all, 'GET', `sandboxes/${name}/assumptions`), before, 'the assumptions are as they were');
  assert.equal((await control(all, 'GET', `sandboxes/${name}/faults`)).faults.length, 1, 'but for that of the fixtures, no fault is left');
  await page.finish();
});

test('what is typed stays when a code is sent, and when another endpoint or view is shown', async () => {
  const name = await sandbox(all, 'typed');
  const page = await open(all, `${name}/try/!autoRevokeCS`);
  const field = (argument) => page.locator(`[id="argument-${argument}"]`);
  await field('loginName').fill('mine');
  await field('revocationReason').fill('my own words');
  await page.locator('.codes button', { hasText: '−16' }).click();
  const reply = page.getByRole('region', { name: 'Reply', exact: true });
  await reply.waitFor();
  assert.equal(await field('loginName').inputValue(), 'mine');
  await page.getByLabel('Endpoint').selectOption('!AutoReplaceCS');
  await page.locator('#argument-csr').waitFor();
  assert.equal(await field('loginName').inputValue(), 'mine');
  assert.notEqual(await field('orderNumber').inputValue(), '', 'what was not typed is the example’s');
  await page.getByRole('link', { name: 'Clock', exact: true }).click();
  await page.locator('.large').waitFor();
  await page.goto(`${all.url}/#/${name}/try/!autoRevokeCS`);
  await until('what was typed', async () => (await field('revocationReason').inputValue()) === 'my own words');
  await page.getByRole('button', { name: 'Back to the example' }).click();
  assert.equal(await field('loginName').inputValue(), 'login_name');
  assert.equal(await page.getByRole('button', { name: 'Back to the example' }).count(), 0);
  await page.finish();
});

test('the call that a code’s button sent is put into the form when that is wished', async () => {
  const name = await sandbox(all, 'taken');
  const page = await open(all, `${name}/try/!autoRevokeCS`);
  await page.locator('.codes button', { hasText: '−17' }).click();
  await page.getByRole('button', { name: 'Put it into the form' }).click();
  assert.equal(await page.locator('#argument-loginName').inputValue(), 'console_try');
  assert.equal(await page.getByLabel('by GET').isChecked(), true);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await until('the same code again', async () => (await control(all, 'GET', `sandboxes/${name}/calls?code=-17`)).calls.length === 2);
  await page.finish();
});

test('a fault that is refused leaves the assumptions as they were', async () => {
  const name = await sandbox(all, 'refused');
  const assumptions = () => control(all, 'GET', `sandboxes/${name}/assumptions`);
  const before = await assumptions();
  const page = await open(all, `${name}/try`, { expected: [/422|400/] });
  await page.locator('.codes button').first().waitFor();
  const refused = await page.evaluate(async () => {
    const { provoke } = await import('/provoke.js');
    return provoke({ endpoint: '!AutoReject', arguments: {}, assume: { spelling: 'british' }, fault: 'none' }).then(() => 'sent', (error) => error.status);
  });
  assert.match(String(refused), /^4/);
  assert.deepEqual(await assumptions(), before);
  await page.finish();
});

test('a fault that closes the connection is told as such', async () => {
  const name = await sandbox(all, 'closed');
  await control(all, 'POST', `sandboxes/${name}/faults`, { endpoint: 'download/CollectSMIME', then: { disconnect: 'before' } });
  const page = await open(all, `${name}/try/download/CollectSMIME`);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('The connection was closed without a reply.').waitFor();
  await page.finish();
});

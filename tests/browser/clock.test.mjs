// The clock: shown, moved, and what comes next.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { control, open, sandbox, setUp, until } from './harness.mjs';

const all = setUp();

test('the clock is frozen, advanced, set, and goes back to the real time', async () => {
  const name = await sandbox(all, 'clock');
  const page = await open(all, `${name}/clock`, { expected: [/422|400/] });
  const clock = () => control(all, 'GET', `sandboxes/${name}/clock`);
  await page.getByRole('button', { name: 'Freeze' }).click();
  await page.getByRole('button', { name: 'Let it run' }).waitFor();
  const before = await clock();
  assert.equal(before.frozen, true);
  for (const step of ['+1 h', '+1 d', '+30 d', '+1 y']) await page.getByRole('button', { name: step, exact: true }).click();
  const hours = 1 + 24 * (1 + 30 + 365);
  await until('the sum of the steps', async () => Date.parse((await clock()).now) - Date.parse(before.now) === hours * 3_600_000);
  await page.getByLabel('Advance by').fill('90m');
  await page.getByRole('button', { name: 'Advance', exact: true }).click();
  await until('90 minutes more', async () => Date.parse((await clock()).now) - Date.parse(before.now) === hours * 3_600_000 + 5_400_000);
  await page.getByLabel('Set to').fill('2031-02-03T04:05:06Z');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await page.locator('.large', { hasText: '2031-02-03 04:05:06' }).waitFor();
  await page.getByLabel('Set to').fill('tomorrow');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await page.locator('.field.wrong', { hasText: 'Set to' }).waitFor();
  await page.getByRole('button', { name: 'Back to real time' }).click();
  await until('the real time', async () => { const { now, realNow, frozen } = await clock(); return !frozen && Math.abs(Date.parse(now) - Date.parse(realNow)) < 2000; });
  await page.finish();
});

test('what comes due next is listed, and a button goes there', async () => {
  const name = await sandbox(all, 'due');
  await control(all, 'PATCH', `sandboxes/${name}/orders/1100002`, { due: '+2h' });
  const page = await open(all, `${name}/clock`);
  const first = page.getByRole('region', { name: 'What comes due or expires next' }).locator('tbody tr').first();
  await first.waitFor();
  assert.match(await first.innerText(), /1100002.*issued/s);
  await first.getByRole('button', { name: /Go there/ }).click();
  await until('issued', async () => (await control(all, 'GET', `sandboxes/${name}/orders/1100002`)).state === 'issued');
  await until('no longer listed', async () => !(await first.innerText()).includes('due') && !/1100002.*issued/s.test(await first.innerText()));
  await page.finish();
});

test('an answer of the sandbox that was left does not land in the one that is shown', async () => {
  const [left, shown] = [await sandbox(all, 'left'), await sandbox(all, 'shown')];
  await control(all, 'PUT', `sandboxes/${left}/clock`, { now: '2031-01-01T00:00:00Z', frozen: true });
  await control(all, 'PUT', `sandboxes/${shown}/clock`, { now: '2032-01-01T00:00:00Z', frozen: true });
  const page = await open(all, `${left}/clock`);
  const large = page.locator('.large', { hasText: '2031-01-01' });
  await large.waitFor();
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route(`**/sandboxes/${left}/clock`, async (route) => { await held; await route.continue(); });
  const [asked] = await Promise.all([page.waitForRequest(`**/sandboxes/${left}/clock`), page.getByRole('button', { name: 'Let it run' }).click()]);
  await page.goto(`${all.url}/#/${shown}/clock`);
  await page.locator('.large', { hasText: '2032-01-01' }).waitFor();
  const answered = asked.response();
  release();
  await (await answered).finished();
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  assert.match(await page.locator('.large').innerText(), /2032-01-01/);
  await page.finish();
});

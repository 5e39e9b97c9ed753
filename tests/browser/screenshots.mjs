// A picture of each view, light and dark, narrow and wide: node screenshots.mjs FOLDER
import path from 'node:path';
import { call, control, launch, startEmulator } from './harness.mjs';
import { proxy } from './proxy.mjs';

const VIEWS = {
  calls: 'default/calls', call: 'default/calls/4', orders: 'default/orders', order: 'default/orders/2200003', accounts: 'default/accounts', account: 'default/accounts/login_name',
  clock: 'default/clock', try: 'default/try', faults: 'default/faults', sandboxes: 'default/sandboxes', assumptions: 'default/assumptions', use: 'default/use', empty: 't1/calls',
};

const folder = process.argv[2];
const emulator = await startEmulator();
const front = process.env.CONSOLE_FOLDER ? await proxy(emulator.control, process.env.CONSOLE_FOLDER) : null;
const all = { emulator, url: front?.url || emulator.control };
await control(all, 'POST', 'sandboxes', { name: 't1', ttl: '10m' });
await control(all, 'PATCH', 'assumptions', { spelling: 'british' });
const reason = { revocationReason: 'the key was lost' };
for (const fields of [{ orderNumber: '2200003' }, { orderNumber: '2200003' }, { orderNumber: '2200007' }, { orderNumber: '2200009' }]) await call(all, '!autoRevokeCS', { ...fields, ...reason });
await call(all, 'download/CollectSMIME', { orderNumber: '1100003', queryType: '1' });
await call(all, 'download/CollectSSL', { orderNumber: '2200002', queryType: '0' });
await call(all, '!autoRevokeCS', { loginName: 'no_permission', orderNumber: '1', ...reason });
await call(all, '!AutoApplyOrder', { product: '794', days: '365', sanEmailAddress: 'jane@example.com', responseFormat: '1' });
await call(all, '!autoRevokeCS', { orderNumber: '2200101', accountID: '99', ...reason });

const browser = await launch();
for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 1280, 2560]) {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: width < 600 ? 740 : 800 } });
    for (const [name, address] of Object.entries(VIEWS)) {
      await page.goto('about:blank');
      await page.goto(`${all.url}/#/${address}`);
      await page.waitForTimeout(500);
      await page.screenshot({ path: path.join(folder, `${name}-${width}-${colorScheme}.png`) });
    }
    await page.close();
  }
}
await browser.close();
front?.close();
emulator.stop();

// Runs a recipe: makes its account and its order, sets what it wants, sends the call, and puts the assumptions back.
import { get, patch, post, remove } from './api.js';
import { broken, canMake, makeCsr } from './csr.js';
import { refreshFaults, refreshSandboxes } from './store.js';

const LOGIN = 'console_try';
const PASSWORD = 'console_try';
// What an earlier recipe may have set.
const USUAL = { loginPassword: PASSWORD, locked: false, payment: null, callLimit: null, strictPolling: null, voucher: null, permissions: null, unpriced: [] };

// Sends the call of a recipe; `before` is run when everything is set up. Gives { call, sent, form, order }.
export async function provoke(recipe, before = async () => {}) {
  await account(recipe.account || {});
  const order = recipe.order && (await post('orders', { ...recipe.order, loginName: LOGIN }));
  const form = { endpoint: recipe.endpoint, arguments: await filled(recipe, order), http: Boolean(recipe.http), method: recipe.method || 'POST' };
  const were = await assume(recipe.assume);
  let fault;
  try {
    fault = recipe.fault && (await post('faults', { endpoint: recipe.endpoint, loginName: LOGIN, times: 1, then: { code: recipe.fault } }));
    await before(form);
    if (recipe.twice) await post('calls', form);
    return { ...(await post('calls', form)), form, order };
  } finally {
    // Both, even if one of them fails.
    await Promise.all([fault && withdraw(fault.id), were && patch('assumptions', were)]);
    refreshFaults();
    refreshSandboxes();
  }
}

// A fault that was met is gone by itself; one that was not is taken away.
async function withdraw(id) {
  const { faults } = await get('faults');
  if (faults.some((fault) => fault.id === id)) await remove('faults/' + id);
}

async function account(fields) {
  const wish = { ...USUAL, ...fields };
  const { accounts } = await get('accounts?search=' + LOGIN);
  if (accounts.some(({ loginName }) => loginName === LOGIN)) return patch('accounts/' + LOGIN, wish);
  const entry = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== null));
  return post('accounts', { loginName: LOGIN, ...entry });
}

// Sets the assumptions that are wanted; gives what they were, if they were others.
async function assume(wanted) {
  if (!wanted) return null;
  const { assumptions } = await get('assumptions');
  const were = Object.fromEntries(Object.keys(wanted).map((name) => [name, assumptions[name]]));
  await patch('assumptions', wanted);
  return were;
}

async function filled(recipe, order) {
  const found = [['loginName', LOGIN], ['loginPassword', PASSWORD]];
  for (const [name, value] of Object.entries(recipe.arguments)) found.push([name, await valueOf(value, order)]);
  return found.map(([name, value]) => ({ name, value }));
}

async function valueOf(value, order) {
  if (value === '$order') return String(order.orderNumber);
  if (!value.startsWith('$')) return value;
  if (!canMake()) throw new Error('This browser makes keys only for pages from localhost or over HTTPS.');
  if (value === '$small') return (await makeCsr('RSA 1024', 'example.com')).csr;
  const { csr } = await makeCsr('EC P-256', 'example.com');
  return value === '$broken' ? broken(csr) : csr;
}

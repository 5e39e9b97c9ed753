// How each documented code is provoked.
import { methods, scope } from './api.js';
import { canMake, makeCsr } from './csr.js';
import { refreshAll } from './store.js';

const LOGIN = 'console_try';
const PASSWORD = 'console_try';
const USUAL = { loginPassword: PASSWORD, locked: false, payment: null, callLimit: null, strictPolling: null, voucher: null, permissions: null, unpriced: [] };

// Sends the call of a recipe in the sandbox that is shown now; `before` runs when everything is set up.
export async function provoke(recipe, before = async () => {}) {
  const here = methods(scope());
  await account(here, recipe.account);
  const order = recipe.order && (await here.post('orders', { ...recipe.order, loginName: LOGIN }));
  const form = { endpoint: recipe.endpoint, arguments: await filled(recipe, order), http: Boolean(recipe.http), method: recipe.method || 'POST' };
  const were = recipe.assume && (await assume(here, recipe.assume));
  let fault;
  let sent;
  try {
    fault = recipe.fault && (await here.post('faults', { endpoint: recipe.endpoint, loginName: LOGIN, times: 1, then: { code: recipe.fault } }));
    await before(here);
    if (recipe.twice) await here.post('calls', form);
    sent = { ...(await here.post('calls', form)), form, order };
  } finally {
    // Both, even if one of them fails.
    const ends = await Promise.allSettled([fault && withdraw(here, fault.id), were && here.patch('assumptions', were)]);
    refreshAll();
    const failed = ends.find(({ reason }) => reason);
    if (sent && failed) throw failed.reason;
  }
  return sent;
}

// One that was met is gone by itself.
async function withdraw(here, id) {
  const { faults } = await here.get('faults');
  if (faults.some((fault) => fault.id === id)) await here.remove('faults/' + id);
}

async function account(here, fields) {
  const wish = { ...USUAL, ...fields };
  const { accounts } = await here.get('accounts?search=' + LOGIN);
  if (accounts.some(({ loginName }) => loginName === LOGIN)) return here.patch('accounts/' + LOGIN, wish);
  return here.post('accounts', { loginName: LOGIN, ...Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== null)) });
}

// Gives what they were.
async function assume(here, wanted) {
  const { assumptions } = await here.get('assumptions');
  await here.patch('assumptions', wanted);
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, assumptions[name]]));
}

async function filled(recipe, order) {
  const found = [{ name: 'loginName', value: LOGIN }, { name: 'loginPassword', value: PASSWORD }];
  for (const [name, value] of Object.entries(recipe.arguments)) found.push({ name, value: await valueOf(value, order) });
  return found;
}

async function valueOf(value, order) {
  if (value === '$order') return String(order.orderNumber);
  if (!value.startsWith('$')) return value;
  if (!canMake()) throw new Error('This browser makes keys only for pages from localhost or over HTTPS.');
  return (await makeCsr(value === '$small' ? 'RSA 1024' : 'EC P-256', 'example.com', value === '$broken')).csr;
}

// The well-formed call of an endpoint, if an orderNumber is not enough, and the order that it is about. `$order` is replaced
// by its number, `$csr` by a CSR.
const orderNumber = '$order';
const csr = '$csr';
const smime = (rest) => ({ order: { product: 'smime', email: 'jane@example.com' }, arguments: { orderNumber, ...rest } });
const signing = (rest) => ({ order: { product: 'code-signing', organization: 'Example Ltd' }, arguments: { orderNumber, ...rest } });
const CALLS = {
  '!AutoReplaceSMIME': smime({ csr }),
  '!autoRevokeCS': signing({ revocationReason: 'test', codeReason: '1' }),
  '!AutoReplaceCS': signing({ csr }),
  'download/CollectSMIME': smime({ queryType: '1' }),
  'download/CollectSSL': signing({ queryType: '1' }),
  '!AutoApplyOrder': { arguments: { product: '794', days: '365', sanEmailAddress: 'jane@example.com' } },
  'download/RequestAndCollectSMIME': smime({ queryType: '0' }),
};

// An Ed25519 request, whose algorithm is not supported.
const ED25519 = 'MIGVMEkCAQAwFjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wKjAFBgMrZXADIQAO/IxspmTveUxkik2pScxlEXvLe5l/f/qGnafado0LX6AAMAUGAytlcANBAIaPaBerFXvQqLEouwTTHgPVBBaje5nJDwS20DUDrQdgY7bNGzKXvG2yDWF80jpH4bkk5Hftd9GJKbzDHBgDXwU=';

const inState = (state) => ({ order: { state }, words: `an order that is ${state}` });
const withCsr = (value, words) => ({ arguments: { csr: value }, assume: { 'csr-errors': 'sibling' }, words });
const polling = { account: { strictPolling: '1h' }, arguments: { queryType: '0' }, twice: true, words: 'the second poll within an hour' };
const byFault = (fault) => ({ fault, words: 'a fault that answers the next call' });

// What each code wants at every endpoint that has it; further below, where an endpoint differs.
const CODES = {
  '-1': { http: true, words: 'a call over plain HTTP' },
  '-2': { arguments: { colour: 'red' }, assume: { 'unknown-arguments': 'reject' }, words: 'an argument that the endpoint does not have: colour' },
  '-3': { only: {}, words: 'a call with a login and nothing else' },
  '-4': { arguments: { orderNumber: '1' }, words: 'an order that the account does not have' },
  '-7': { arguments: { countryName: 'UK' }, words: 'countryName=UK, which is no ISO 3166 country' },
  '-9': withCsr('!', 'a CSR that is not Base64'),
  '-10': withCsr('aGVsbG8=', 'a CSR that is not PKCS#10'),
  '-11': withCsr(ED25519, 'a CSR with an Ed25519 key'),
  '-12': withCsr('$broken', 'a CSR whose signature does not fit'),
  '-13': { arguments: { csr: '$small' }, words: 'a CSR with an RSA key of 1024 bits' },
  '-15': { account: { payment: 'no-credit' }, words: 'an account without credit' },
  '-16': { account: { locked: true }, words: 'an account that is locked' },
  '-17': { method: 'GET', words: 'a call by GET' },
  '-20': inState('rejected'),
  '-21': inState('revoked'),
  '-22': inState('unpaid'),
  '-26': inState('being-issued'),
  '-34': { ...inState('replaced'), arguments: { includeInCRL: 'N' } },
  '-35': inState('expired'),
  '-42': { account: { callLimit: { calls: 0, per: '1h' } }, words: 'an account without calls left' },
  '-43': inState('on-hold'),
  '-90': { account: { voucher: 'prepaid' }, words: 'an account that pays with a voucher' },
  '-91': { account: { permissions: [] }, words: 'an account that may use no endpoint' },
  '-115': { account: { unpriced: [794] }, words: 'an account without a price for product 794' },
  '-122': inState('on-hold'),

  '!autoRevokeCS -16': { arguments: { accountID: '99' }, words: 'an accountID that is none of its customers' },
  '!AutoApplyOrder -4': { arguments: { product: '9' }, words: 'a product that there is not' },
  '!AutoReplaceCS -122': inState('replaced'),
  'download/CollectSMIME -42': polling,
  'download/CollectSSL -42': polling,
  'download/RequestAndCollectSMIME -42': polling,
  'download/RequestAndCollectSMIME -122': { ...inState('issued'), arguments: { csr } },
  '!ResendCollectionEmailSMIME -122': inState('pending'),
  '!ResendVerificationEmailSMIME -122': inState('issued'),
  '!ResendInvitationEmailSMIME -122': inState('issued'),
};

export function recipe(endpoint, code) {
  const call = CALLS[endpoint] || smime();
  const wish = CODES[`${endpoint} ${code}`] || CODES[code] || byFault(code);
  const { only, arguments: changed, order, ...rest } = wish;
  return {
    ...rest, endpoint, code,
    arguments: only || { ...call.arguments, ...changed },
    order: call.order && { ...call.order, state: 'issued', ...order },
  };
}

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

// How each documented code is provoked: what account, order, fault or assumption it wants, and which arguments. Data; what
// runs it is in provoke.js.

const SMIME = { product: 'smime', email: 'jane@example.com' };
const SIGNING = { product: 'code-signing', organization: 'Example Ltd' };

// The well-formed call of each endpoint, and the order that it is about. `$order` is replaced by its number, `$csr` by a CSR.
const CALLS = {
  '!AutoReplaceSMIME': { order: SMIME, arguments: { orderNumber: '$order', csr: '$csr' } },
  '!autoRevokeCS': { order: SIGNING, arguments: { orderNumber: '$order', revocationReason: 'test', codeReason: '1' } },
  '!autoRevokeCertificate': { order: SMIME, arguments: { orderNumber: '$order' } },
  '!AutoReplaceCS': { order: SIGNING, arguments: { orderNumber: '$order', csr: '$csr' } },
  'download/CollectSMIME': { order: SMIME, arguments: { orderNumber: '$order', queryType: '1' } },
  'download/CollectSSL': { order: SIGNING, arguments: { orderNumber: '$order', queryType: '1' } },
  '!AutoApplyOrder': { arguments: { product: '794', days: '365', sanEmailAddress: 'jane@example.com' } },
  '!AutoAuthorize': { order: SMIME, arguments: { orderNumber: '$order' } },
  '!AutoReject': { order: SMIME, arguments: { orderNumber: '$order' } },
  'download/RequestAndCollectSMIME': { order: SMIME, arguments: { orderNumber: '$order', queryType: '0' } },
  '!ResendCollectionEmailSMIME': { order: SMIME, arguments: { orderNumber: '$order' } },
  '!ResendVerificationEmailSMIME': { order: SMIME, arguments: { orderNumber: '$order' } },
  '!ResendInvitationEmailSMIME': { order: SMIME, arguments: { orderNumber: '$order' } },
};

// An Ed25519 request, whose algorithm is not supported.
const ED25519 = 'MIGVMEkCAQAwFjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wKjAFBgMrZXADIQAO/IxspmTveUxkik2pScxlEXvLe5l/f/qGnafado0LX6AAMAUGAytlcANBAIaPaBerFXvQqLEouwTTHgPVBBaje5nJDwS20DUDrQdgY7bNGzKXvG2yDWF80jpH4bkk5Hftd9GJKbzDHBgDXwU=';

const inState = (state) => ({ order: { state }, words: `an order that is ${state}` });
const csr = (value, words) => ({ arguments: { csr: value }, assume: { 'csr-errors': 'sibling' }, words });

// What each code wants at every endpoint that has it.
const CODES = {
  '-1': { http: true, words: 'a call over plain HTTP' },
  '-2': { arguments: { colour: 'red' }, assume: { 'unknown-arguments': 'reject' }, words: 'an argument that the endpoint does not have: colour' },
  '-3': { only: {}, words: 'a call with a login and nothing else' },
  '-4': { arguments: { orderNumber: '1' }, words: 'an order that the account does not have' },
  '-7': { arguments: { countryName: 'UK' }, words: 'countryName=UK, which is no ISO 3166 country' },
  '-9': csr('!', 'a CSR that is not Base64'),
  '-10': csr('aGVsbG8=', 'a CSR that is not PKCS#10'),
  '-11': csr(ED25519, 'a CSR with an Ed25519 key'),
  '-12': csr('$broken', 'a CSR whose signature does not fit'),
  '-13': { arguments: { csr: '$small' }, words: 'a CSR with an RSA key of 1024 bits' },
  '-14': { fault: -14, words: 'a fault that answers the next call' },
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
};

const polling = { account: { strictPolling: '1h' }, arguments: { queryType: '0' }, twice: true, words: 'the second poll within an hour' };

// Where an endpoint differs.
const OTHERS = {
  '!autoRevokeCS -16': { arguments: { accountID: '99' }, words: 'an accountID that is none of its customers' },
  '!AutoApplyOrder -4': { arguments: { product: '9' }, words: 'a product that there is not' },
  '!AutoReplaceCS -122': inState('replaced'),
  '!AutoReject -26': inState('being-issued'),
  'download/CollectSMIME -42': polling,
  'download/CollectSSL -42': polling,
  'download/RequestAndCollectSMIME -42': polling,
  'download/RequestAndCollectSMIME -122': { ...inState('issued'), arguments: { csr: '$csr' } },
  '!ResendCollectionEmailSMIME -122': inState('pending'),
  '!ResendVerificationEmailSMIME -122': inState('issued'),
  '!ResendInvitationEmailSMIME -122': inState('issued'),
  '!ResendVerificationEmailSMIME -14': { order: { state: 'pending' }, ...CODES['-14'] },
  '!ResendInvitationEmailSMIME -14': { order: { state: 'pending' }, ...CODES['-14'] },
};

// The recipe of a code at an endpoint, whole; null where nobody knows one.
export function recipe(endpoint, code) {
  const call = CALLS[endpoint];
  const wish = OTHERS[`${endpoint} ${code}`] || CODES[code];
  if (!call || !wish) return null;
  const { only, arguments: changed, order, ...rest } = wish;
  return {
    ...rest, endpoint, code,
    arguments: only || { ...call.arguments, ...changed },
    order: call.order && { ...call.order, state: 'issued', ...order },
  };
}

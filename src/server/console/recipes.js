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

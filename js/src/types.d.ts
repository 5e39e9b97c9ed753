// What the control API answers and takes, spelled as it spells it. The OpenAPI document (`sectigo-emulator openapi`)
// describes each field. Times in answers are RFC 3339, spans of time are texts such as "10m".

/** A time: a Date, RFC 3339, a date such as "2027-01-31" (its midnight in UTC), or from the sandbox's present: "+10m", "-30d". */
export type When = Date | string;
/** A span of time: a text such as "10m" or "30d", or milliseconds. */
export type Span = string | number;

export type Product = "smime" | "code-signing";
export type State =
  | "pending" | "being-issued" | "issued" | "replaced" | "revoked" | "rejected" | "expired" | "on-hold" | "unpaid";
export type SignatureHash = "NO_PREFERENCE" | "INFER_FROM_CSR" | "PREFER_SHA2" | "REQUIRE_SHA2";
export type IssuanceFailure = "pre-sign" | "post-sign";
export type Payment = "at-once" | "later" | "no-credit";
export type CallKind = "call" | "push";
export type MailKind = "verification" | "invitation" | "collection";
export type Disconnect = "before" | "mid-body";

/** A whole number; a bigint where a number could not hold it, from 2^53 on. An `orderNumber` is one only where a test made it so. */
export type Whole = number | bigint;

export interface Revocation {
  at: string;
  codeReason: number;
  revocationReason?: string;
}

/** An order, in the state that it is in now. */
export interface Order {
  orderNumber: number;
  loginName: string;
  product: Product;
  state: State;
  issued?: string;
  expires?: string;
  due?: string;
  certificateID?: Whole;
  csr?: string;
  days?: number;
  email?: string;
  organization?: string;
  organizationIdentifier?: string;
  countryName?: string;
  stateOrProvinceName?: string;
  localityName?: string;
  productCode?: number;
  caCertificateID?: number;
  signatureHash?: SignatureHash;
  revocation?: Revocation;
  stage?: string;
  issuanceFails?: IssuanceFailure;
  collectionCode?: string;
  languageName?: string;
  SMIMECollectionTemplateID?: number;
  SMIMERequestTemplateID?: number;
  SMIMEVerificationTemplateID?: number;
  issuedAfterPolls?: number;
  keepKey?: boolean;
  collected?: boolean;
  test?: boolean;
}

type OrderTimes = { issued?: When | null; expires?: When | null; due?: When | null };

/** What an order is made with: issued, with the next free number, unless this says otherwise. */
export type NewOrder = Partial<Omit<Order, keyof OrderTimes | "revocation" | "orderNumber">> &
  OrderTimes & { orderNumber?: Whole; revocation?: { at: When; codeReason: number; revocationReason?: string } };

/** What of an order changes: null removes a field. */
export type OrderChange = { [Field in keyof NewOrder]?: NewOrder[Field] | null };

export interface CallLimit {
  calls: number;
  per: string;
  counted?: string[];
}

export interface Push {
  url: string;
  certificate?: boolean;
  collection?: boolean;
  user?: string;
  password?: string;
}

/** An account, without its password. */
export interface Account {
  loginName: string;
  locked: boolean;
  accountID?: number;
  reseller?: string;
  permissions?: string[];
  caCertificateIDs?: number[];
  templateIDs?: number[];
  callLimit?: CallLimit;
  voucher?: string | boolean;
  payment?: Payment;
  unpriced?: number[];
  issuedAfterPolls?: number;
  strictPolling?: string;
  push?: Push;
}

export type NewAccount = Partial<Omit<Account, "loginName">> & { loginName: string; loginPassword: string };

type Change<Fields> = { [Field in keyof Fields]?: Fields[Field] | null };

/**
 * What of an account changes: null removes a field. So it is within `callLimit` and `push`: what they do not name stays,
 * as the `user` and the `password` of a push do when its `url` changes.
 */
export type AccountChange = Change<Omit<NewAccount, "callLimit" | "push">> & {
  callLimit?: Change<CallLimit> | null;
  push?: Change<Push> | null;
};

export interface Clock {
  now: string;
  frozen: boolean;
  realNow: string;
}

/** What a fault does: one of the fields but `argument` and `body`. */
export interface Then {
  code?: number;
  argument?: string;
  delay?: Span;
  status?: number;
  body?: string;
  disconnect?: Disconnect;
  garble?: boolean;
  throttle?: number;
}

export interface NewFault {
  then: Then;
  endpoint?: string;
  loginName?: string;
  orderNumber?: Whole;
  skip?: number;
  times?: number;
  probability?: number;
  ttl?: Span;
}

export interface Fault extends NewFault {
  id: number;
  hits?: number;
  until?: string;
}

/** Which calls are meant; all, if nothing is said. */
export interface CallFilter {
  kind?: CallKind;
  endpoint?: string;
  loginName?: string;
  orderNumber?: Whole | string;
  code?: number;
  since?: When;
}

/** Which calls are expected: at least one, and now, unless this says otherwise. */
export interface Expectation extends CallFilter {
  atLeast?: number;
  within?: Span;
}

export interface Argument {
  name: string;
  value: string;
}

/** A call that was answered, passwords masked; or a try to push a change of an order. */
export interface Call {
  id: number;
  time: string;
  realTime: string;
  sandbox: string;
  endpoint: string;
  arguments: Argument[];
  status: number;
  reply: string;
  tookMicros: number;
  hint: string;
  kind?: CallKind;
  code?: number;
  loginName?: string;
  orderNumber?: number;
  fault?: number;
  try?: number;
  url?: string;
}

export interface Difference {
  field: string;
  wanted: string;
  found?: string;
}

/** A call that is nearly what was asked for. */
export interface NearCall {
  call: Call;
  differs: Difference[];
}

export interface Count {
  count: number;
  reached: boolean;
  nearest?: NearCall[];
  forgotten?: number;
}

export interface Extension {
  name: string;
  critical: boolean;
  values: string[];
}

export interface Certificate {
  issuer: string;
  serialNumber: string;
  subject: string;
  issuerSubject: string;
  notBefore: string;
  notAfter: string;
  sha256Fingerprint: string;
  publicKey: string;
  signatureAlgorithm: string;
  extensions: Extension[];
  pem: string;
  profile?: string;
  hint?: string;
  ocspRequest?: string;
}

export interface Mail {
  id: number;
  time: string;
  kind: MailKind;
  to: string;
  orderNumber: number;
  collectionCode: string;
  languageName?: string;
  templateID?: number;
}

export interface SandboxInfo {
  name: string;
  path: string;
  logins: string[];
  orders: number;
  accounts: number;
  calls: number;
  ttl?: string;
  expiresIn?: string;
}

export interface Health {
  status: string;
  version: string;
  https?: string;
  http?: string;
  control?: string;
}

/** Fixtures: an object, with times as When and spans as Span, or the text of a fixtures file (TOML or JSON). */
export type Fixtures = Record<string, unknown> | string;

export interface NewSandbox {
  /** Letters, digits, `-` and `_`, at most 64; without one, it is given one. */
  name?: string;
  /** What it starts with, in place of the emulator's fixtures. */
  fixtures?: Fixtures;
  /** Login names whose calls at the plain path shall be its, for clients whose URL cannot be changed. */
  logins?: string[];
  /** How long it lives since its last use; without it, as long as the emulator. */
  ttl?: Span;
}

/** The options of an emulator that is started. */
export interface EmulatorOptions {
  /** Accounts, orders and more to start with, in place of the built-in ones: an object, or the text of a file. */
  fixtures?: Fixtures;
  /** Assumptions, such as `{ spelling: "british" }`. */
  assume?: Record<string, string>;
  /** Makes the numbers of new orders and the dice of faults repeatable. */
  seed?: number;
  /** How long a new order is being issued. */
  issuanceDelay?: Span;
  /** Whether plain HTTP is answered as HTTPS is, for clients that cannot trust a CA. */
  plainHttp?: boolean;
  /** The directory that keeps the CA, as `sectigo-emulator ca init` makes it. */
  caDir?: string;
  /** What the control API demands (`--control-token`). */
  token?: string;
  /** More options of `sectigo-emulator serve`. */
  args?: string[];
  /** The program, in place of the one that was installed. */
  binary?: string;
  /** How many milliseconds the start may take; the default is 30000. */
  timeout?: number;
}

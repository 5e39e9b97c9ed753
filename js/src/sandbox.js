// A sandbox: a world of its own in an emulator, with accounts, orders, a clock, faults and a journal.

import { fixturesToJson, millis, object, span, toJson, when } from "./convert.js";

/** @import * as T from "./types.js" */
/** @import { Control, What } from "./control.js" */
/** @import { RunningEmulator } from "./emulator.js" */

/** What was expected was not called; the message has the calls that come nearest, and how they differ. */
export class NotCalledError extends Error {
  /**
   * @param {T.Expectation} wanted
   * @param {T.Count} count
   */
  constructor(wanted, count) {
    const { atLeast = 1, within, ...which } = object(wanted, `{ endpoint: "!autoRevokeCS" }`);
    const what = Object.entries(which).map(([name, value]) => `${name}=${value}`).join(", ") || "any";
    const lines = [`expected at least ${atLeast} of the calls ${what}; there were ${count.count}`];
    if (count.nearest?.length) lines.push("the calls that come nearest:");
    for (const { call, differs } of count.nearest ?? []) {
      lines.push(`  ${describe(call)}`);
      for (const one of differs) lines.push(`      ${one.field} is ${one.found ?? "missing"}, not ${one.wanted}`);
    }
    super(lines.join("\n"));
    this.name = "NotCalledError";
    this.count = count.count;
    this.nearest = count.nearest ?? [];
  }
}

/**
 * A call in one line, with its hint.
 *
 * @param {T.Call} call
 */
export function describe(call) {
  const words = [`#${call.id}`, call.endpoint];
  if (call.loginName !== undefined) words.push(`loginName=${call.loginName}`);
  if (call.orderNumber !== undefined) words.push(`orderNumber=${call.orderNumber}`);
  return `${words.join(" ")} -> ${call.code ?? `HTTP ${call.status}`}: ${call.hint}`;
}

/** What a sandbox has of one noun. */
class Noun {
  /** @type {Control} */
  #control;
  /** @type {string} */
  #at;

  /**
   * @param {Control} control
   * @param {string} at
   */
  constructor(control, at) {
    this.#control = control;
    this.#at = at;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Omit<What, "body">} [what]
   * @protected
   */
  send(method, path, body, what) {
    return this.#control.send(method, this.#at + path, { ...what, ...(body !== undefined && { body: toJson(body) }) });
  }

  /**
   * @param {string} path
   * @param {Record<string, unknown>} [query]
   * @protected
   */
  text(path, query) {
    return this.#control.read("GET", this.#at + path, query ? { query } : {});
  }
}

/** The orders of a sandbox. */
export class Orders extends Noun {
  /**
   * Makes an order: by default an issued S/MIME order of the account login_name, with the next free number.
   *
   * @param {T.NewOrder} [order]
   * @returns {Promise<T.Order>}
   */
  create(order = {}) {
    const fields = object(order, `{ product: "code-signing" }`);
    return this.send("POST", "/orders", { product: "smime", loginName: "login_name", ...fields });
  }

  /**
   * One order, in the state that it is in now.
   *
   * @param {T.Whole} orderNumber
   * @returns {Promise<T.Order>}
   */
  get(orderNumber) {
    return this.send("GET", `/orders/${orderNumber}`);
  }

  /**
   * The orders, by rising number.
   *
   * @param {{ loginName?: string, state?: T.State, product?: T.Product }} [which]
   * @returns {Promise<T.Order[]>}
   */
  async list(which = {}) {
    const orders = [];
    let after;
    do {
      const page = await this.send("GET", "/orders", undefined, { query: { ...which, after } });
      orders.push(...page.orders);
      after = page.next ?? undefined;
    } while (after !== undefined);
    return orders;
  }

  /**
   * Changes an order into anything; null removes a field.
   *
   * @param {T.Whole} orderNumber
   * @param {T.OrderChange} change
   * @returns {Promise<T.Order>}
   */
  update(orderNumber, change) {
    return this.send("PATCH", `/orders/${orderNumber}`, change);
  }

  /**
   * Deletes an order.
   *
   * @param {T.Whole} orderNumber
   * @returns {Promise<void>}
   */
  delete(orderNumber) {
    return this.send("DELETE", `/orders/${orderNumber}`);
  }
}

/** The accounts of a sandbox. */
export class Accounts extends Noun {
  /**
   * Makes an account.
   *
   * @param {T.NewAccount} account
   * @returns {Promise<T.Account>}
   */
  create(account) {
    return this.send("POST", "/accounts", account);
  }

  /**
   * One account.
   *
   * @param {string} loginName
   * @returns {Promise<T.Account>}
   */
  get(loginName) {
    return this.send("GET", `/accounts/${encodeURIComponent(loginName)}`);
  }

  /**
   * The accounts, by their login names.
   *
   * @returns {Promise<T.Account[]>}
   */
  async list() {
    return (await this.send("GET", "/accounts")).accounts;
  }

  /**
   * Changes an account; null removes a field.
   *
   * @param {string} loginName
   * @param {T.AccountChange} change
   * @returns {Promise<T.Account>}
   */
  update(loginName, change) {
    return this.send("PATCH", `/accounts/${encodeURIComponent(loginName)}`, change);
  }

  /**
   * Deletes an account that has no orders.
   *
   * @param {string} loginName
   * @returns {Promise<void>}
   */
  delete(loginName) {
    return this.send("DELETE", `/accounts/${encodeURIComponent(loginName)}`);
  }
}

/** The clock of a sandbox. */
export class Clocks extends Noun {
  /**
   * What it shows.
   *
   * @returns {Promise<T.Clock>}
   */
  get() {
    return this.send("GET", "/clock");
  }

  /**
   * Sets it.
   *
   * @param {T.When} now
   * @param {{ frozen?: boolean }} [how]
   * @returns {Promise<T.Clock>}
   */
  set(now, how = {}) {
    return this.send("PUT", "/clock", { now, ...how });
  }

  /**
   * Lets it stand still, at that time or where it is.
   *
   * @param {T.When} [now]
   * @returns {Promise<T.Clock>}
   */
  freeze(now) {
    return this.send("PUT", "/clock", { frozen: true, ...(now !== undefined && { now }) });
  }

  /**
   * Lets it go on.
   *
   * @returns {Promise<T.Clock>}
   */
  unfreeze() {
    return this.send("PUT", "/clock", { frozen: false });
  }

  /**
   * Moves it on: `advance("400d")`.
   *
   * @param {T.Span} by
   * @returns {Promise<T.Clock>}
   */
  advance(by) {
    return this.send("POST", "/clock/advance", { by: span(by) });
  }
}

/** The faults of a sandbox: the first that matches a call happens to it. */
export class Faults extends Noun {
  /**
   * Adds a fault behind the others: `add({ then: { status: 503 }, times: 1 })`.
   *
   * @param {T.NewFault} fault
   * @returns {Promise<T.Fault>}
   */
  add(fault) {
    return this.send("POST", "/faults", fault);
  }

  /**
   * The faults, in their order.
   *
   * @returns {Promise<T.Fault[]>}
   */
  async list() {
    return (await this.send("GET", "/faults")).faults;
  }

  /**
   * Removes a fault.
   *
   * @param {T.Fault | number} fault
   * @returns {Promise<void>}
   */
  remove(fault) {
    return this.send("DELETE", `/faults/${typeof fault === "number" ? fault : fault.id}`);
  }

  /**
   * Removes every fault.
   *
   * @returns {Promise<void>}
   */
  clear() {
    return this.send("DELETE", "/faults");
  }
}

/** The journal of a sandbox: the calls that were answered, and the pushes that were sent. */
export class Calls extends Noun {
  /**
   * The calls, the oldest first.
   *
   * @param {T.CallFilter & { limit?: number }} [which]
   * @returns {Promise<T.Call[]>}
   */
  async list(which = {}) {
    const pages = [];
    let { limit } = which;
    let before;
    do {
      // The newest come first, a page at a time.
      const page = await this.send("GET", "/calls", undefined, { query: { ...asFilter(which), limit, before } });
      pages.unshift(page.calls);
      before = page.next ?? undefined;
      if (limit !== undefined) {
        limit -= page.calls.length;
      }
    } while (before !== undefined && limit !== 0);
    return pages.flat();
  }

  /**
   * How many calls there are.
   *
   * @param {T.CallFilter} [which]
   * @returns {Promise<number>}
   */
  async count(which = {}) {
    return (await this.send("POST", "/calls/count", which)).count;
  }

  /**
   * These calls, of which there must be at least `atLeast`, one by default; waits for them for as long as `within`.
   *
   * @param {T.Expectation} wanted
   * @returns {Promise<T.Call[]>}
   * @throws {NotCalledError} There are fewer; the message has the calls that come nearest, and how they differ.
   */
  async expect(wanted) {
    const { atLeast = 1, within, ...which } = object(wanted, `{ endpoint: "!autoRevokeCS" }`);
    const waiting = within === undefined ? {} : { within: span(within) };
    const wait = within === undefined ? 0 : millis(within);
    /** @type {T.Count} */
    const count = await this.send("POST", "/calls/count", { ...which, atLeast, ...waiting }, { wait });
    if (!count.reached) throw new NotCalledError(wanted, count);
    return this.list(which);
  }

  /**
   * Forgets every call and every push.
   *
   * @returns {Promise<void>}
   */
  clear() {
    return this.send("DELETE", "/calls");
  }
}

/** @param {T.CallFilter & { limit?: number }} which */
function asFilter({ since, ...which }) {
  return since === undefined ? which : { ...which, since: when(since) };
}

/** The mails that a sandbox would have sent. */
export class Outbox extends Noun {
  /**
   * The mails, the oldest first.
   *
   * @param {{ orderNumber?: T.Whole, kind?: T.MailKind }} [which]
   * @returns {Promise<T.Mail[]>}
   */
  async list(which = {}) {
    return (await this.send("GET", "/outbox", undefined, { query: which })).mails;
  }

  /**
   * Forgets every mail.
   *
   * @returns {Promise<void>}
   */
  clear() {
    return this.send("DELETE", "/outbox");
  }
}

/** The certificates of a sandbox's orders, in PEM. */
export class Certificates extends Noun {
  /**
   * The certificate of an order.
   *
   * @param {T.Whole} orderNumber
   */
  pem(orderNumber) {
    return this.text(`/orders/${orderNumber}/certificate`, { format: "pem" });
  }

  /**
   * The CAs above the certificate of an order: the one that signed it, then the root.
   *
   * @param {T.Whole} orderNumber
   */
  chain(orderNumber) {
    return this.text(`/orders/${orderNumber}/chain`, { format: "pem" });
  }

  /**
   * The private key of an order that was made with `keepKey`.
   *
   * @param {T.Whole} orderNumber
   */
  key(orderNumber) {
    return this.text(`/orders/${orderNumber}/key`);
  }

  /**
   * The CSR of an order.
   *
   * @param {T.Whole} orderNumber
   */
  csr(orderNumber) {
    return this.text(`/orders/${orderNumber}/csr`);
  }

  /**
   * A description of the certificate of an order.
   *
   * @param {T.Whole} orderNumber
   * @returns {Promise<T.Certificate>}
   */
  get(orderNumber) {
    return this.send("GET", `/orders/${orderNumber}/certificate`, undefined, { query: { format: "json" } });
  }

  /**
   * Every CA, the root first.
   *
   * @returns {Promise<T.Certificate[]>}
   */
  async cas() {
    return (await this.send("GET", "/ca", undefined, { query: { format: "json" } })).certificates;
  }
}

/** What a sandbox assumes where Sectigo's documents say nothing. */
export class Assumptions extends Noun {
  /**
   * Every assumption with its value.
   *
   * @returns {Promise<Record<string, string>>}
   */
  async get() {
    return (await this.send("GET", "/assumptions")).assumptions;
  }

  /**
   * Sets some of them: `set({ spelling: "british" })`.
   *
   * @param {Record<string, string>} values
   * @returns {Promise<Record<string, string>>} All of them.
   */
  async set(values) {
    return (await this.send("PATCH", "/assumptions", values)).assumptions;
  }
}

/** A sandbox of a running emulator. With `await using`, it is deleted at the end. */
export class Sandbox {
  /** @type {Control} */
  #control;
  /** @type {string} */
  #at;

  /**
   * @param {RunningEmulator} emulator
   * @param {Control} control
   * @param {string} name
   */
  constructor(emulator, control, name) {
    this.#control = control;
    this.#at = name === "default" ? "" : `/sandboxes/${encodeURIComponent(name)}`;
    /** The emulator that it is in. */
    this.emulator = emulator;
    /** Its name. */
    this.name = name;
    /** Where a client calls the API in it. */
    this.baseUrl = emulator.baseUrl + this.#at;
    /** The same over plain HTTP; undefined if that listener is off. */
    this.httpUrl = emulator.httpUrl === undefined ? undefined : emulator.httpUrl + this.#at;
    /** The certificate that clients should trust, PEM: the option `ca` of `https.Agent` and of undici's `connect`. */
    this.ca = emulator.ca;
    this.orders = new Orders(control, this.#at);
    this.accounts = new Accounts(control, this.#at);
    this.clock = new Clocks(control, this.#at);
    this.faults = new Faults(control, this.#at);
    this.calls = new Calls(control, this.#at);
    this.outbox = new Outbox(control, this.#at);
    this.certificates = new Certificates(control, this.#at);
    this.assumptions = new Assumptions(control, this.#at);
  }

  /**
   * The sandbox at a glance.
   *
   * @returns {Promise<T.SandboxInfo>}
   */
  info() {
    return this.#control.send("GET", `/sandboxes/${encodeURIComponent(this.name)}`);
  }

  /**
   * The variables by which a program finds this sandbox and trusts its CA.
   *
   * @returns {Promise<Record<string, string>>}
   */
  env() {
    return this.emulator.env(this.name);
  }

  /**
   * All that it is, passwords included, as a fixtures file.
   *
   * @returns {Promise<Record<string, unknown>>}
   */
  snapshot() {
    return this.#control.send("GET", `${this.#at}/snapshot`);
  }

  /**
   * Makes it what a snapshot says; the journal stays.
   *
   * @param {Record<string, unknown>} snapshot
   * @returns {Promise<void>}
   */
  async restore(snapshot) {
    await this.#control.send("PUT", `${this.#at}/snapshot`, { body: toJson(snapshot) });
  }

  /**
   * Begins again with the fixtures that it started with, or with others.
   *
   * @param {T.Fixtures} [fixtures]
   * @returns {Promise<void>}
   */
  async reset(fixtures) {
    const body = { fixtures: fixturesToJson(fixtures) };
    await this.#control.send("POST", `${this.#at}/reset`, { body });
  }

  /**
   * Deletes it.
   *
   * @returns {Promise<void>}
   */
  delete() {
    return this.#control.send("DELETE", `/sandboxes/${encodeURIComponent(this.name)}`);
  }

  /** @returns {Promise<void>} */
  [Symbol.asyncDispose]() {
    return this.delete();
  }
}

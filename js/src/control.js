// Sends requests to the control API of an emulator.

import { request } from "node:http";

import { parse, stringify } from "./convert.js";

/** The HTTP statuses with which a listener refuses what it has not read the whole head of (RFC 9110, RFC 6585). */
const HEAD_TOO_LONG = [414, 431];

/** The control API refused a request. */
export class ControlError extends Error {
  /**
   * @param {number} status The HTTP status.
   * @param {string} detail What was wrong, and what is accepted.
   * @param {string} [field] The field that it was wrong in, such as `orders.3.loginName`.
   */
  constructor(status, detail, field) {
    super(`HTTP status ${status}: ${field ? `${field}: ` : ""}${detail}`);
    this.name = "ControlError";
    this.status = status;
    this.detail = detail;
    this.field = field;
  }
}

/** What a request says besides its method and path; `wait` is how many milliseconds longer than usual its answer may take. */
/** @typedef {{ body?: unknown, query?: Record<string, unknown>, wait?: number }} What */

/** The control listener of an emulator, at `http://HOST:PORT`. */
export class Control {
  /**
   * @param {string} url
   * @param {string} [token] What it demands.
   * @param {number} [timeout] For how many milliseconds nothing may come from it.
   */
  constructor(url, token, timeout = 30_000) {
    const parsed = new URL(url.includes("://") ? url : `http://${url}`);
    if (parsed.protocol !== "http:" || parsed.pathname !== "/") {
      throw new TypeError(`${url} is not the URL of a control listener: give http://HOST:PORT`);
    }
    this.url = parsed.origin;
    this.token = token;
    this.timeout = timeout;
  }

  /**
   * Sends JSON, and gives the JSON of the answer; undefined if it has no body.
   *
   * @param {string} method
   * @param {string} path The path after `/control/v1`.
   * @param {What} [what]
   * @returns {Promise<any>}
   * @throws {ControlError} The request is refused.
   */
  async send(method, path, what = {}) {
    const answer = await this.read(method, path, what);
    try {
      return answer === "" ? undefined : parse(answer);
    } catch (cause) {
      throw noListener(this.url, "the answer is no JSON", { cause });
    }
  }

  /**
   * The same with the text of the answer as it is.
   *
   * @param {string} method
   * @param {string} path
   * @param {What} [what]
   * @returns {Promise<string>}
   */
  async read(method, path, { body, query = {}, wait = 0 } = {}) {
    const url = new URL(`${this.url}/control/v1${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const content = body === undefined ? undefined : stringify(body);
    /** @type {Record<string, string>} */
    const headers = content === undefined ? {} : { "Content-Type": "application/json" };
    if (this.token !== undefined) headers["Authorization"] = `Bearer ${this.token}`;
    // The emulator looks at each order of a snapshot: a second for each MiB.
    const looking = Math.floor((content?.length ?? 0) / 2 ** 20) * 1000;
    const { status, text } = await exchange(url, method, headers, content, this.timeout + wait + looking);
    if (status >= 300) throw refused(this.url, status, text);
    return text;
  }
}

/**
 * Not by `fetch`, which tests may have replaced.
 *
 * @param {URL} url
 * @param {string} method
 * @param {Record<string, string>} headers
 * @param {string | undefined} content
 * @param {number} timeout
 * @returns {Promise<{ status: number, text: string }>}
 */
function exchange(url, method, headers, content, timeout) {
  return new Promise((resolve, reject) => {
    const none = `no answer came from the control API at ${url.origin}`;
    // Not by `setTimeout`, which tests may have replaced as well.
    const sent = request(url, { method, headers, agent: false, timeout }, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (part) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    sent.on("error", (cause) => reject(new Error(none, { cause })));
    sent.on("timeout", () => {
      reject(new Error(`${none} within ${timeout} ms`));
      sent.destroy();
    });
    sent.end(content);
  });
}

/**
 * The error that a problem (RFC 9457) tells, as which the control API refuses.
 *
 * @param {string} url
 * @param {number} status
 * @param {string} text
 */
function refused(url, status, text) {
  try {
    const { detail, field } = JSON.parse(text);
    if (typeof detail === "string") return new ControlError(status, detail, field ?? undefined);
  } catch {
    // No control listener answers like this, unless it has not read the whole head.
  }
  if (HEAD_TOO_LONG.includes(status)) return new ControlError(status, "the path or a header is too long");
  return noListener(url, `HTTP status ${status}`);
}

/**
 * @param {string} url
 * @param {string} what
 * @param {ErrorOptions} [options]
 */
function noListener(url, what, options) {
  return new Error(`what answers at ${url} is no emulator's control listener: ${what}`, options);
}

// Sends requests to the control API of an emulator.

import { request } from "node:http";

import { parse, stringify } from "./convert.js";

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

/** The control listener of an emulator, at `http://HOST:PORT`. */
export class Control {
  /**
   * @param {string} url
   * @param {string} [token] What it demands.
   */
  constructor(url, token) {
    const parsed = new URL(url.includes("://") ? url : `http://${url}`);
    if (parsed.protocol !== "http:" || parsed.pathname !== "/") {
      throw new TypeError(`${url} is not the URL of a control listener: give http://HOST:PORT`);
    }
    this.url = parsed.origin;
    this.token = token;
  }

  /**
   * Sends JSON, and gives the JSON of the answer; undefined if it has no body.
   *
   * @param {string} method
   * @param {string} path The path after `/control/v1`.
   * @param {{ body?: unknown, query?: Record<string, unknown> }} [what]
   * @returns {Promise<any>}
   * @throws {ControlError} The request is refused.
   */
  async send(method, path, what = {}) {
    const answer = await this.read(method, path, what);
    return answer === "" ? undefined : parse(answer);
  }

  /**
   * The same with the text of the answer as it is.
   *
   * @param {string} method
   * @param {string} path
   * @param {{ body?: unknown, query?: Record<string, unknown> }} [what]
   * @returns {Promise<string>}
   */
  async read(method, path, { body, query = {} } = {}) {
    const url = new URL(`${this.url}/control/v1${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const content = body === undefined ? undefined : stringify(body);
    /** @type {Record<string, string>} */
    const headers = content === undefined ? {} : { "Content-Type": "application/json" };
    if (this.token !== undefined) headers["Authorization"] = `Bearer ${this.token}`;
    const { status, text } = await exchange(url, method, headers, content);
    if (status >= 300) throw refused(status, text);
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
 * @returns {Promise<{ status: number, text: string }>}
 */
function exchange(url, method, headers, content) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (part) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    sent.on("error", (cause) => reject(new Error(`no answer came from the control API at ${url.origin}`, { cause })));
    sent.end(content);
  });
}

/**
 * The error that a problem (RFC 9457) tells.
 *
 * @param {number} status
 * @param {string} text
 */
function refused(status, text) {
  try {
    const { detail, field } = JSON.parse(text);
    return new ControlError(status, detail, field ?? undefined);
  } catch {
    return new ControlError(status, text);
  }
}

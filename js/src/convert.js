// What JavaScript has in the place of what the control API writes as texts: times and spans of time.

/**
 * A time as the API takes it.
 *
 * @param {import("./types.js").When} value
 */
export function when(value) {
  return value instanceof Date ? value.toISOString() : value;
}

/**
 * A span of time as the API takes it.
 *
 * @param {import("./types.js").Span} value
 */
export function span(value) {
  if (typeof value === "string") return value;
  if (typeof value !== "number") throw new TypeError(`give a span as "3d" or as a number of milliseconds`);
  if (!(value >= 0)) throw new RangeError(`${value} is no number of milliseconds`);
  const whole = Math.round(value);
  const days = Math.floor(whole / 86_400_000);
  const rest = whole % 86_400_000;
  const parts = [
    [days, "d"],
    [Math.floor(rest / 3_600_000), "h"],
    [Math.floor(rest / 60_000) % 60, "m"],
    [Math.floor(rest / 1000) % 60, "s"],
    [rest % 1000, "ms"],
  ];
  return parts.filter(([number]) => number).map(([number, unit]) => `${number}${unit}`).join(" ") || "0s";
}

/** How many milliseconds a unit of a span has. */
const UNITS = new Map([["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1000], ["ms", 1]]);

/**
 * How many milliseconds a span of time has.
 *
 * @param {import("./types.js").Span} value
 */
export function millis(value) {
  const parts = span(value).matchAll(/(\d+) *(ms|[dhms])/g);
  return [...parts].reduce((sum, [, number, unit = ""]) => sum + Number(number) * (UNITS.get(unit) ?? 0), 0);
}

/**
 * An object that a method was given. A string in its place would become one of its letters.
 *
 * @template T
 * @param {T} value
 * @param {string} example
 * @returns {T}
 */
export function object(value, example) {
  if (typeof value === "object" && value !== null) return value;
  throw new TypeError(`give an object such as ${example}`);
}

/** The fields of the control API that are spans. */
export const SPANS = new Set(["by", "delay", "expiresIn", "issuanceDelay", "per", "strictPolling", "ttl", "within"]);

/**
 * An object as the API takes it: times and spans as texts.
 *
 * @param {unknown} value
 * @param {string} [name] The field that it is in.
 * @returns {unknown}
 */
export function toJson(value, name = "") {
  if (value instanceof Date) return when(value);
  if (typeof value === "number" && SPANS.has(name)) return span(value);
  if (Array.isArray(value)) return value.map((item) => toJson(item));
  // What tells its own JSON, such as the time of a library, is left to `stringify`.
  if (typeof value !== "object" || value === null || "toJSON" in value) return value;
  return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, toJson(item, field)]));
}

/**
 * Fixtures that were given, with times and spans as texts.
 *
 * @param {import("./types.js").Fixtures | undefined} value
 * @throws {TypeError} It is the name of a file.
 */
export function fixturesToJson(value) {
  if (typeof value === "string" && /^[^\n#]+\.(toml|json)$/.test(value)) {
    const name = JSON.stringify(value);
    throw new TypeError(`${name} is the name of a file: give its text, readFileSync(${name}, "utf8")`);
  }
  return toJson(value);
}

/** The key of an object that stands for a whole number while JSON is read or written. */
const BIG = "\0big";

/** Strings, so that what is in them is left alone, and numbers. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/**
 * Reads JSON. A whole number that a number of JavaScript cannot hold, as a `certificateID` may be, becomes a bigint.
 *
 * @param {string} text
 * @returns {any}
 */
export function parse(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const marked = text.replace(TOKENS, (token) => (isBig(token) ? `{"\\u0000big":"${token}"}` : token));
  return JSON.parse(marked, (_, value) => (typeof value?.[BIG] === "string" ? BigInt(value[BIG]) : value));
}

/**
 * Writes JSON, a bigint as the number that it is.
 *
 * @param {unknown} value
 */
export function stringify(value) {
  const text = JSON.stringify(value, (_, item) => (typeof item === "bigint" ? { [BIG]: String(item) } : item));
  return text.replace(/\{"\\u0000big":"(-?\d+)"\}/g, "$1");
}

/** @param {string} token */
function isBig(token) {
  return /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token));
}

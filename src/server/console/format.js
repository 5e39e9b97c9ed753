// How values are written. Pure functions.

// 2026-11-28 06:49:19, UTC, as everything on the page.
export const dateTime = (text) => text.slice(0, 10) + ' ' + text.slice(11, 19);

export function timeOfDay(text) {
  const [seconds, fraction = ''] = text.slice(11, -1).split('.');
  return `${seconds}.${fraction.padEnd(3, '0')}`;
}

const UNITS = [['y', 31_557_600], ['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]];

// A span of milliseconds, in its largest two units: 3 d 4 h.
export function span(millis) {
  const seconds = Math.abs(Math.round(millis / 1000));
  const at = UNITS.findIndex(([, size]) => seconds >= size);
  if (at < 0) return '0 s';
  const [[unit, size], [smaller, rest] = ['', Infinity]] = UNITS.slice(at, at + 2);
  const left = Math.floor((seconds % size) / rest);
  return `${Math.floor(seconds / size)} ${unit}` + (left ? ` ${left} ${smaller}` : '');
}

export function relative(text, now) {
  const away = Date.parse(text) - now;
  return away >= 0 ? 'in ' + span(away) : span(away) + ' ago';
}

export const took = (micros) => micros < 1000 ? `${micros} µs` : micros < 1e6 ? `${(micros / 1000).toFixed(1)} ms` : `${(micros / 1e6).toFixed(2)} s`;

export const number = (value) => value.toLocaleString('en').replaceAll(',', '\u202f');

// 0 and above is a success, below an error; without a code it is HTTP's status that counts.
export function codeClass(code, status = 200) {
  if (code == null) return status < 400 ? 'plain' : 'bad';
  return code >= 0 ? 'good' : 'bad';
}

export const codeRow = (endpoint, code) => endpoint?.codes.find((row) => row.code === code);

export const minus = (code) => String(code).replace('-', '−');

// A fault: which calls, what happens to them, and how often.
export const matcher = ({ endpoint, loginName, orderNumber }) => [endpoint, loginName, orderNumber && `order ${orderNumber}`].filter(Boolean).join(', ') || 'every call';

export function outcome(then) {
  if (then.code != null) return 'code ' + minus(then.code);
  if (then.status) return `HTTP ${then.status}`;
  if (then.delay) return `answered after ${then.delay}`;
  if (then.disconnect) return then.disconnect === 'before' ? 'no reply' : 'cut in the middle';
  if (then.garble) return 'garbled';
  return then.throttle ? `${then.throttle} bytes a second` : JSON.stringify(then);
}

export const share = ({ skip, times, probability, ttl }) => [
  skip && `after ${skip} calls`, times && (times === 1 ? 'once' : `${times} times`),
  probability < 1 && `${Math.round(probability * 1000) / 10} % of them`, ttl && `for ${ttl}`,
].filter(Boolean).join(', ');

export function inWords(fault) {
  const often = share(fault);
  return `${matcher(fault)}: ${outcome(fault.then)}${often && ` (${often})`}`;
}

// A row of the catalogue in a few words.
export function kind(row) {
  const limit = row.max ? ` up to ${row.max}` : '';
  const choices = row.choices ? `: ${row.choices.join(', ')}` : '';
  return `${row.need} ${row.type}${limit}${choices}${row.default != null ? `; default ${row.default}` : ''}`;
}

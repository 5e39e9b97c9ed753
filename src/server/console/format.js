// How values are written: times, spans, sizes, codes. Pure functions.

const pad = (number, width = 2) => String(number).padStart(width, '0');

// 2026-11-28 06:49:19, UTC, as everything on the page.
export function dateTime(text) {
  return text ? text.slice(0, 10) + ' ' + text.slice(11, 19) : '';
}

export const date = (text) => (text ? text.slice(0, 10) : '');

// 06:49:19.738
export function timeOfDay(text) {
  if (!text) return '';
  const [seconds, fraction = ''] = text.slice(11, -1).split('.');
  return `${seconds}.${fraction.padEnd(3, '0')}`;
}

// A span between two times, in its largest two units: 3 d 4 h.
export function span(millis) {
  const seconds = Math.abs(Math.round(millis / 1000));
  const units = [['y', 31_557_600], ['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return '0 s';
  const [unit, size] = units[first];
  const whole = Math.floor(seconds / size);
  const next = units[first + 1];
  const rest = next ? Math.floor((seconds % size) / next[1]) : 0;
  return `${whole} ${unit}` + (rest ? ` ${rest} ${next[0]}` : '');
}

// in 3 d, 2 h ago
export function relative(text, now) {
  const away = Date.parse(text) - now;
  if (Number.isNaN(away)) return '';
  return away >= 0 ? 'in ' + span(away) : span(away) + ' ago';
}

export function took(micros) {
  if (micros == null) return '';
  return micros < 1000 ? `${micros} µs` : micros < 1_000_000 ? `${(micros / 1000).toFixed(1)} ms` : `${(micros / 1e6).toFixed(2)} s`;
}

export function bytes(count) {
  return count < 1024 ? `${count} B` : count < 1_048_576 ? `${(count / 1024).toFixed(1)} kB` : `${(count / 1_048_576).toFixed(1)} MB`;
}

export const number = (value) => Number(value).toLocaleString('en').replaceAll(',', '\u202f');

// 0 and above is a success, below an error; without a code it is HTTP's status that counts.
export function codeClass(code, status = 200) {
  if (code == null) return status < 400 ? 'plain' : 'bad';
  return code >= 0 ? 'good' : 'bad';
}

// What -17 and the like mean at an endpoint, from its table.
export function codeRow(endpoint, code) {
  return endpoint?.codes.find((row) => row.code === code);
}

export const minus = (code) => (code == null ? '–' : String(code).replace('-', '−'));

// Now as a file name: 2026-11-28-0649.
export function stamp(time = new Date()) {
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}-${pad(time.getHours())}${pad(time.getMinutes())}`;
}

// What a fault does, in a few words. Pure functions.

export function matcher({ endpoint, loginName, orderNumber }) {
  const parts = [endpoint, loginName, orderNumber && `order ${orderNumber}`].filter(Boolean);
  return parts.length ? parts.join(', ') : 'every call';
}

export function outcome(then) {
  if (then.code != null) return 'code ' + minus(then.code);
  if (then.status != null) return `HTTP ${then.status}`;
  if (then.delay != null) return `answered after ${then.delay}`;
  if (then.disconnect != null) return then.disconnect === 'before' ? 'no reply' : 'cut in the middle';
  if (then.garble) return 'garbled';
  return `${then.throttle} bytes a second`;
}

export function share({ skip, times, probability, ttl }) {
  return [
    skip ? `after ${skip} calls` : '', times ? (times === 1 ? 'once' : `${times} times`) : '',
    probability != null && probability < 1 ? `${Math.round(probability * 1000) / 10} % of them` : '', ttl ? `for ${ttl}` : '',
  ].filter(Boolean).join(', ');
}

export function inWords(fault) {
  const often = share(fault);
  return `${matcher(fault)}: ${outcome(fault.then)}${often ? ` (${often})` : ''}`;
}

// What a fault does, in a few words. Pure functions.
import { minus } from './format.js';

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

// Which fields an order and an account have, from the OpenAPI document: their kinds, choices and words.
import { root } from './api.js';

let document;

// The fields of a schema: { name, kind, choices, doc }.
export async function fieldsOf(schema) {
  document ??= root('GET', 'openapi.json').catch((error) => { document = undefined; throw error; });
  const { schemas } = (await document).components;
  const { properties } = schemas[schema];
  return Object.entries(properties).map(([name, property]) => describe(name, property, schemas));
}

function describe(name, property, schemas) {
  const found = resolved(property, schemas);
  const types = [found.type].flat().filter((type) => type !== 'null');
  return { name, kind: kindOf(found, types), choices: found.enum, doc: property.description || found.said || found.description || '' };
}

// Behind `oneOf` with null and `$ref`.
function resolved(property, schemas) {
  const inner = (property.oneOf || []).find((one) => one.type !== 'null') || property;
  if (!inner.$ref) return { ...inner, said: property.description };
  return { ...schemas[inner.$ref.split('/').pop()], said: inner.description };
}

function kindOf(found, types) {
  if (found.enum) return 'choice';
  if (types.includes('boolean')) return 'boolean';
  if (types.includes('integer') || types.includes('number')) return 'number';
  if (types.includes('array')) return found.items?.type === 'string' ? 'texts' : 'numbers';
  if (types.includes('object')) return 'object';
  return found.oneOf ? 'any' : 'text';
}

// A value as it is written in an input, and back.
export function written(value) {
  if (value == null) return '';
  if (Array.isArray(value)) return value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : item)).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function read(text, kind) {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (kind === 'number') return numeric(trimmed);
  if (kind === 'numbers') return list(trimmed).map(numeric);
  if (kind === 'texts') return trimmed === '[]' ? [] : list(trimmed);
  if (kind === 'boolean') return trimmed === 'true';
  if (kind === 'object') return json(trimmed);
  if (kind === 'any') return trimmed === 'true' ? true : trimmed === 'false' ? false : trimmed;
  return text;
}

const list = (text) => text.split(',').map((part) => part.trim()).filter(Boolean);
// What is no number is sent as it is, for the server to say what is taken.
const numeric = (text) => (/^-?\d+$/.test(text) ? Number(text) : text);

function json(text) {
  try { return JSON.parse(text); } catch { return text; }
}

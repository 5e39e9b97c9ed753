// Values as TOML, for fixtures. Pure functions.

export function toml(table, entry) {
  const lines = Object.entries(entry).filter(([, value]) => value != null).map(([key, value]) => `${key} = ${written(value)}`);
  return `[[${table}]]\n${lines.join('\n')}\n`;
}

function written(value) {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    const inner = Object.entries(value).filter(([, field]) => field != null).map(([key, field]) => `${key} = ${written(field)}`);
    return `{ ${inner.join(', ')} }`;
  }
  return typeof value === 'string' ? text(value) : String(value);
}

// JSON's escapes are TOML's too, but for DEL, which TOML wants escaped.
function text(value) {
  return JSON.stringify(value).replaceAll('\u007f', '\\u007F');
}

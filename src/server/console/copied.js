// What is copied to be used elsewhere: a call as a curl command, and values as TOML for fixtures. Pure functions.

// Quoted for a POSIX shell.
export function quoted(text) {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

// `base` has the URLs of the listeners and the sandbox's path. The password is that of the variable PASSWORD. Without a
// fault, -17 came by GET and -1 over plain HTTP; of a call that met one nothing follows from its code.
export function curl(call, base) {
  const code = call.fault == null ? call.code : null;
  const url = (code === -1 && base.http ? base.http : base.https) + base.path + '/products/' + call.endpoint;
  const words = ['curl', ...(url.startsWith('https:') ? ['--cacert', 'ca.pem'] : []), ...(code === -17 ? ['-G'] : []), quoted(url)];
  const lines = [words.join(' '), ...call.arguments.filter(({ name }) => name !== '?').map(data)];
  const left = call.arguments.some(({ name }) => name === '?') ? '\n# An argument whose name is masked in the journal is left out.' : '';
  return lines.join(' \\\n  ') + left;
}

function data({ name, value }) {
  if (value === '***') return `--data-urlencode "${name.replace(/[^A-Za-z0-9_-]/g, "")}=$PASSWORD"`;
  return '--data-urlencode ' + quoted(`${name}=${value}`);
}

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

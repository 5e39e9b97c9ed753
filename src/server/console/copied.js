// A call as a curl command, and values as TOML for fixtures.

const quoted = (text) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

// The password is that of the variable PASSWORD. Without a fault, -17 came by GET and -1 over plain HTTP.
export function curl(call, base) {
  const code = call.fault == null ? call.code : null;
  const url = (code === -1 && base.http ? base.http : base.https) + base.path + '/products/' + call.endpoint;
  const words = ['curl', url.startsWith('https:') && '--cacert ca.pem', code === -17 && '-G', quoted(url)].filter(Boolean);
  const known = call.arguments.filter(({ name }) => name !== '?');
  const note = known.length < call.arguments.length ? '\n# An argument whose name is masked in the journal is left out.' : '';
  return [words.join(' '), ...known.map(data)].join(' \\\n  ') + note;
}

function data({ name, value }) {
  if (value === '***') return `--data-urlencode "${name.replace(/[^A-Za-z0-9_-]/g, '')}=$PASSWORD"`;
  return '--data-urlencode ' + quoted(`${name}=${value}`);
}

export const toml = (table, entry) => `[[${table}]]\n${fields(entry).join('\n')}\n`;

const fields = (entry) => Object.entries(entry).filter(([, value]) => value != null).map(([key, value]) => `${key} = ${written(value)}`);

// JSON's escapes are TOML's too, but for DEL, which TOML wants escaped.
function written(value) {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value === 'object') return `{ ${fields(value).join(', ')} }`;
  return typeof value === 'string' ? JSON.stringify(value).replaceAll('\u007f', '\\u007F') : String(value);
}

// A proxy before the control listener that can be cut, and that can serve the page's files from a folder: so the page
// can be worked on without a build of the emulator. By itself: node proxy.mjs CONTROL_URL FOLDER [PORT]
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

const TYPES = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.mjs': 'text/javascript', '.svg': 'image/svg+xml', '.json': 'application/json' };

// Gives { url, cut, mend, seen, close }; `seen` has the headers of each request for the stream.
export async function proxy(control, folder = '', port = 0) {
  const sockets = new Set();
  const seen = [];
  let isCut = false;
  const server = http.createServer((request, response) => {
    if (request.url.includes('/calls/stream')) seen.push(request.headers);
    if (folder && !request.url.startsWith('/control/')) return serve(folder, request, response);
    return forward(control, request, response);
  });
  server.on('connection', (socket) => {
    if (isCut) return socket.destroy();
    sockets.add(socket);
    return socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    cut() { isCut = true; sockets.forEach((socket) => socket.destroy()); },
    mend() { isCut = false; },
    close() { sockets.forEach((socket) => socket.destroy()); server.close(); },
  };
}

function forward(control, request, response) {
  const headers = { ...request.headers, host: new URL(control).host };
  if (headers.origin) headers.origin = control;
  const onward = http.request(control + request.url, { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    response.flushHeaders(); // those of the stream come before its first call
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

async function serve(folder, request, response) {
  const name = new URL(request.url, 'http://x').pathname.slice(1) || 'index.html';
  try {
    const [body, index] = await Promise.all([readFile(path.join(folder, name)), readFile(path.join(folder, 'index.html'), 'utf8')]);
    response.writeHead(200, { 'Content-Type': `${TYPES[path.extname(name)] || 'text/plain'}; charset=utf-8`, 'Cache-Control': 'no-cache', 'Content-Security-Policy': policy(index) });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

function policy(index) {
  const map = /<script type="importmap">([^]*?)<\/script>/.exec(index)[1];
  const hash = createHash('sha256').update(map).digest('base64');
  return `default-src 'none'; script-src 'self' 'sha256-${hash}'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

if (import.meta.filename === process.argv[1]) {
  const [, , control, folder, port] = process.argv;
  console.log((await proxy(control, folder, Number(port) || 8090)).url);
}

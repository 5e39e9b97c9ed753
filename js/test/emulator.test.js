import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { connect, ControlError, findBinary, NotCalledError, sandbox, startEmulator } from "../src/index.js";
import { Control } from "../src/control.js";
import { millis, parse, span, stringify, toJson } from "../src/convert.js";
import { Sandbox } from "../src/sandbox.js";

const run = promisify(execFile);
const LOGIN = { loginName: "login_name", loginPassword: "login_password" };

/** Calls an endpoint, and gives the HTTP status and the text of its reply. */
function call({ baseUrl, ca }, endpoint, fields = {}) {
  return new Promise((resolve, reject) => {
    const url = `${baseUrl}/products/${endpoint}`;
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const sent = request(url, { method: "POST", agent: new Agent({ ca }), headers }, async (response) => {
      let text = "";
      for await (const part of response) text += part;
      resolve({ status: response.statusCode, text });
    });
    sent.on("error", reject);
    sent.end(new URLSearchParams(fields).toString());
  });
}

function revoke(sectigo, orderNumber) {
  return call(sectigo, "!autoRevokeCS", { ...LOGIN, orderNumber, revocationReason: "lost", codeReason: 1 });
}

/** Runs a test in a sandbox of an emulator of its own. */
function inSandbox(name, body) {
  test(name, async () => {
    const emulator = await startEmulator();
    try {
      await body(await emulator.sandbox(), emulator);
    } finally {
      await emulator.stop();
    }
  });
}

test("it serves until it is stopped", async () => {
  const emulator = await startEmulator();
  assert.match((await call(emulator.default, "!autoRevokeCS")).text, /^-3/);
  assert.equal(readFileSync(emulator.caFile, "utf8"), emulator.ca);
  await emulator.stop();
  await emulator.stop();
  assert.match(emulator.log(), /!autoRevokeCS/);
  assert.equal(existsSync(emulator.caFile), false);
  await assert.rejects(emulator.sandboxes(), /no answer/);
});

test("options reach it", async () => {
  const caDir = mkdtempSync(join(tmpdir(), "ca-"));
  const numbers = new Set();
  for (const fixtures of [
    { accounts: [{ loginName: "me", loginPassword: "p" }] },
    '[[accounts]]\nloginName = "me"\nloginPassword = "p"\n',
  ]) {
    const options = { fixtures, caDir, seed: 1, assume: { spelling: "british" }, plainHttp: true };
    const emulator = await startEmulator({ ...options, issuanceDelay: 60_000, args: ["--journal", "1"] });
    try {
      const sectigo = emulator.default;
      assert.deepEqual((await sectigo.accounts.list()).map((one) => one.loginName), ["me"]);
      assert.equal((await sectigo.assumptions.get())["spelling"], "british");
      numbers.add((await sectigo.orders.create({ loginName: "me" })).orderNumber);
      for (const _ of [1, 2]) {
        const reply = await fetch(`${emulator.httpUrl}/products/!autoRevokeCS`, { method: "POST" });
        assert.match(await reply.text(), /^-3/);
      }
      assert.equal(await sectigo.calls.count(), 1);
      assert.equal(emulator.ca, readFileSync(join(caDir, "ca.pem"), "utf8"));
    } finally {
      await emulator.stop();
    }
  }
  assert.equal(numbers.size, 1);
});

test("what does not start says why", async () => {
  await assert.rejects(startEmulator({ fixture: "" }), /fixture is no option; there are fixtures, assume, seed/);
  for (const assume of ["spelling=british", ["spelling=british"]]) {
    await assert.rejects(startEmulator({ assume }), /^TypeError: assume is .*: give an object such as \{ spelling: "british" }/);
  }
  await assert.rejects(startEmulator({ args: ["--journal", "many"] }), /--journal/);
  await assert.rejects(startEmulator({ fixtures: { accounts: [{ loginNames: "me" }] } }), /loginNames/);
  await assert.rejects(startEmulator({ args: ["--control", "off"] }), /control API is off/);
  await assert.rejects(startEmulator({ binary: "/no/such/program" }), /ENOENT/);
  const silent = join(mkdtempSync(join(tmpdir(), "silent-")), "silent");
  writeFileSync(silent, "#!/bin/sh\nexec cat\n");
  chmodSync(silent, 0o755);
  await assert.rejects(startEmulator({ binary: silent, timeout: 100 }), /within 100 ms/);
});

test("without a binary it says how to get it", async () => {
  const named = process.env.SECTIGO_EMULATOR_BINARY;
  process.env.SECTIGO_EMULATOR_BINARY = "/no/such/program";
  try {
    assert.throws(findBinary, /SECTIGO_EMULATOR_BINARY is \/no\/such\/program/);
  } finally {
    if (named === undefined) delete process.env.SECTIGO_EMULATOR_BINARY;
    else process.env.SECTIGO_EMULATOR_BINARY = named;
  }
});

test("this package's own command on the PATH is not taken for the program", async () => {
  const folder = () => mkdtempSync(join(tmpdir(), "path-"));
  // Copied to where no package of a platform is found beside it.
  const own = folder();
  for (const part of ["bin/sectigo-emulator.js", "src/binary.js"]) {
    cpSync(fileURLToPath(new URL(`../${part}`, import.meta.url)), join(own, part));
  }
  writeFileSync(join(own, "package.json"), `{ "type": "module" }`);
  const wrapper = join(own, "bin/sectigo-emulator.js");
  const [linked, script, hidden, real] = [folder(), folder(), folder(), folder()];
  const at = (path) => join(path, "sectigo-emulator");
  const write = (path, text) => writeFileSync(at(path), text, { mode: 0o755 });
  symlinkSync(wrapper, at(linked));
  write(script, `#!/bin/sh\nexec node "${wrapper}" "$@"\n`);
  write(hidden, `#!/bin/sh\nfile=sectigo-emulator\nexec node "${dirname(wrapper)}/$file.js" "$@"\n`);
  write(real, "#!/bin/sh\necho the program\n");
  const command = (folders) => {
    const env = { PATH: [...folders, process.env.PATH].join(delimiter) };
    return run(process.execPath, [wrapper, "--version"], { env, timeout: 20_000 });
  };
  assert.equal((await command([linked, script, real])).stdout, "the program\n");
  await assert.rejects(command([hidden]), /is not the program, it starts this script/);
});

test("the environment of the tests sets no options", async () => {
  process.env.SECTIGO_EMULATOR_CONTROL = "off";
  try {
    await (await startEmulator()).stop();
  } finally {
    delete process.env.SECTIGO_EMULATOR_CONTROL;
  }
});

test("one that runs is found by its control URL", async () => {
  const started = await startEmulator({ token: "s3cret", args: ["--http", "0.0.0.0:0"] });
  try {
    await assert.rejects(connect(started.controlUrl), (error) => error instanceof ControlError && error.status === 401);
    const emulator = await connect(started.controlUrl, { token: "s3cret" });
    assert.equal(emulator.baseUrl, started.baseUrl);
    assert.equal(emulator.httpUrl, started.httpUrl.replace("0.0.0.0", "127.0.0.1"));
    const sectigo = await emulator.sandbox();
    assert.match((await call(sectigo, "!autoRevokeCS")).text, /^-3/);
    assert.equal((await sectigo.env())["SECTIGO_BASE_URL"], sectigo.baseUrl);
    const elsewhere = await connect(started.controlUrl, { token: "s3cret", baseUrl: "https://x/" });
    assert.equal(elsewhere.baseUrl, "https://x");
    const none = /^Error: what answers at http:\S+ is no emulator's control listener: HTTP status 404$/;
    await assert.rejects(connect(emulator.httpUrl), none);
  } finally {
    await started.stop();
  }
});

test("what does not answer is given up, later if it may wait", async () => {
  const server = createServer((request, response) => {
    if (request.url.endsWith("/calls")) response.end(`{"calls":[]}`);
    if (request.url.endsWith("/count")) setTimeout(() => response.end(`{"count":1,"reached":true}`), 300);
    // An answer that begins and goes no further.
    if (request.url.endsWith("/snapshot")) response.write("{");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const control = new Control(`http://127.0.0.1:${server.address().port}`, undefined, 100);
    const silent = new Sandbox({}, control, "default");
    for (const asked of [silent.info(), silent.snapshot()]) {
      await assert.rejects(asked, /no answer came from the control API at http:\S+ within 100 ms/);
    }
    await assert.rejects(silent.calls.count(), /within 100 ms/);
    assert.deepEqual(await silent.calls.expect({ within: "2s" }), []);
    await assert.rejects(silent.calls.expect({ within: 50 }), /within 150 ms/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("an answer that is no JSON is no emulator's", async () => {
  const server = createServer((_, response) => response.end("<p>"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const asked = connect(`http://127.0.0.1:${server.address().port}`);
    await assert.rejects(asked, /is no emulator's control listener: the answer is no JSON/);
  } finally {
    server.close();
  }
});

test("a program that is started with its variables trusts it", async () => {
  const emulator = await startEmulator();
  try {
    const sectigo = await emulator.sandbox();
    const program =
      'fetch(process.env.SECTIGO_BASE_URL + "/products/!autoRevokeCS", { method: "POST" })' +
      ".then((reply) => reply.text()).then(console.log)";
    const env = { ...process.env, ...(await sectigo.env()) };
    const { stdout } = await run(process.execPath, ["--eval", program], { env });
    assert.match(stdout, /^-3/);
    assert.equal(await sectigo.calls.count(), 1);
  } finally {
    await emulator.stop();
  }
});

for (const signal of ["SIGKILL", "SIGTERM"]) {
  test(`it ends with a parent that gets ${signal}`, async () => {
    const index = new URL("../src/index.js", import.meta.url).href;
    const program = `const { startEmulator } = await import("${index}");
      console.log((await startEmulator()).pid); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: ["ignore", "pipe", 2] });
    const pid = await new Promise((resolve) => createInterface(parent.stdout).once("line", resolve));
    assert.ok(isRunning(pid));
    parent.kill(signal);
    while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  });
}

test("a program that forgets to stop it ends, and so does the emulator", async () => {
  const index = new URL("../src/index.js", import.meta.url).href;
  const program = `const { sandbox, sharedEmulator } = await import("${index}");
    await sandbox(); console.log((await sharedEmulator()).pid);`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program]);
  while (isRunning(stdout.trim())) await new Promise((resolve) => setTimeout(resolve, 5));
});

/** Whether a process runs, other than as a zombie. */
function isRunning(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.[0] !== "Z";
  } catch {
    return false;
  }
}

inSandbox("orders", async (sectigo) => {
  const { orders } = sectigo;
  const issued = new Date("2026-01-01T00:00:00Z");
  const order = await orders.create({ product: "code-signing", issued, expires: "+335d", organization: "Example Ltd" });
  assert.equal(Date.parse(order.issued), issued.getTime());
  assert.deepEqual(await orders.get(order.orderNumber), order);
  const which = { loginName: "login_name", state: "issued", product: "code-signing" };
  assert.ok((await orders.list(which)).some((one) => one.orderNumber === order.orderNumber));
  assert.equal((await orders.update(order.orderNumber, { organization: null })).organization, undefined);
  await orders.delete(order.orderNumber);
  await assert.rejects(orders.get(order.orderNumber), (error) => error instanceof ControlError && error.status === 404);
  await assert.rejects(orders.create({ loginName: "nobody" }), { field: "loginName", status: 422 });
});

inSandbox("every order is listed, beyond a page", async (sectigo) => {
  const order = { loginName: "a", product: "smime", state: "issued" };
  const orders = Array.from({ length: 2501 }, (_, place) => ({ ...order, orderNumber: place + 1 }));
  await sectigo.restore({ accounts: [{ loginName: "a", loginPassword: "b" }], orders });
  assert.equal((await sectigo.orders.list()).length, 2501);
});

inSandbox("accounts", async ({ accounts }) => {
  const account = await accounts.create({
    loginName: "a/b é",
    loginPassword: "p",
    accountID: 7,
    callLimit: { calls: 2, per: "1m" },
  });
  assert.deepEqual(await accounts.get("a/b é"), account);
  assert.equal((await accounts.update("a/b é", { locked: true, accountID: null })).accountID, undefined);
  await accounts.delete("a/b é");
  assert.ok(!(await accounts.list()).some((one) => one.loginName === "a/b é"));
});

inSandbox("the clock", async (sectigo) => {
  const { orderNumber } = await sectigo.orders.create({ product: "code-signing" });
  const { clock } = sectigo;
  const start = new Date("2030-01-01T00:00:00Z");
  const shown = async (what) => Date.parse((await what).now) - start.getTime();
  assert.equal(await shown(clock.freeze(start)), 0);
  assert.equal(await shown(clock.advance(90_061_001)), 90_061_001);
  assert.equal(await shown(clock.set("+1h", { frozen: true })), 93_661_001);
  assert.equal((await clock.get()).frozen, true);
  assert.equal((await clock.unfreeze()).frozen, false);
  await clock.advance("400d");
  assert.equal((await sectigo.orders.get(orderNumber)).state, "expired");
  assert.match((await revoke(sectigo, orderNumber)).text, /^-35/);
});

inSandbox("what is no object, or no span, is refused with what to give", async (sectigo) => {
  await assert.rejects(async () => sectigo.orders.create("code-signing"), /give an object such as/);
  await assert.rejects(sectigo.calls.expect("!autoRevokeCS"), /give an object such as/);
  await assert.rejects(async () => sectigo.clock.advance({ days: 3 }), /give a span as "3d"/);
});

test("spans of time", () => {
  assert.equal(span(90_061_001), "1d 1h 1m 1s 1ms");
  assert.equal(span(0), "0s");
  assert.equal(span("10m"), "10m");
  assert.throws(() => span(-1), RangeError);
  assert.deepEqual([millis("1d 1h 1m 1s 1ms"), millis("1h30 m"), millis(7)], [90_061_001, 5_400_000, 7]);
});

inSandbox("faults", async (sectigo) => {
  const { orderNumber } = await sectigo.orders.create({ product: "code-signing" });
  const fault = await sectigo.faults.add({ then: { status: 503 }, endpoint: "!autoRevokeCS", times: 1, ttl: 60_000 });
  assert.deepEqual([fault.then.status, fault.ttl], [503, "1m"]);
  assert.equal((await revoke(sectigo, orderNumber)).status, 503);
  const other = await sectigo.faults.add({ then: { code: -14 }, orderNumber });
  assert.match((await revoke(sectigo, orderNumber)).text, /^-14/);
  await sectigo.faults.remove(other);
  await sectigo.faults.add({ then: { delay: 1 }, skip: 9 });
  await sectigo.faults.clear();
  assert.deepEqual(await sectigo.faults.list(), []);
  assert.equal((await revoke(sectigo, orderNumber)).text.trim(), "0");
});

inSandbox("calls", async (sectigo) => {
  const { orderNumber } = await sectigo.orders.create({ product: "code-signing" });
  await revoke(sectigo, 7);
  const wanted = { endpoint: "!autoRevokeCS", orderNumber, code: 0 };
  await assert.rejects(sectigo.calls.expect({ ...wanted, within: 10 }), (error) => {
    assert.ok(error instanceof NotCalledError);
    assert.equal(error.count, 0);
    assert.match(error.message, new RegExp(`at least 1 of the calls endpoint=!autoRevokeCS, orderNumber=${orderNumber}`));
    assert.match(error.message, new RegExp(`orderNumber is 7, not ${orderNumber}`));
    return true;
  });
  await revoke(sectigo, orderNumber);
  const [made] = await sectigo.calls.expect(wanted);
  assert.deepEqual(await sectigo.calls.list({ code: 0, since: "-1h", limit: 1 }), [made]);
  assert.equal(made.arguments.find((one) => one.name === "loginPassword")?.value, "***");
  assert.equal(await sectigo.calls.count({ endpoint: "!autoRevokeCS" }), 2);
  await sectigo.calls.clear();
  assert.equal(await sectigo.calls.count(), 0);
});

inSandbox("the outbox", async (sectigo) => {
  const { orderNumber } = await sectigo.orders.create({ email: "jane@example.com" });
  await call(sectigo, "!ResendCollectionEmailSMIME", { ...LOGIN, orderNumber });
  const [mail] = await sectigo.outbox.list({ orderNumber, kind: "collection" });
  assert.equal(mail.to, "jane@example.com");
  await sectigo.outbox.clear();
  assert.deepEqual(await sectigo.outbox.list(), []);
});

inSandbox("certificates", async (sectigo, emulator) => {
  const { orderNumber } = await sectigo.orders.create({ keepKey: true });
  const { certificates } = sectigo;
  const about = await certificates.get(orderNumber);
  assert.equal(about.pem, await certificates.pem(orderNumber));
  assert.ok((await certificates.chain(orderNumber)).endsWith(emulator.ca));
  assert.match(await certificates.key(orderNumber), /^-----BEGIN PRIVATE KEY-----/);
  assert.equal((await certificates.cas())[0].pem, sectigo.ca);
  await assert.rejects(certificates.csr(orderNumber), /404/);
});

inSandbox("assumptions", async ({ assumptions }) => {
  assert.equal((await assumptions.set({ spelling: "british" }))["spelling"], "british");
  await assert.rejects(assumptions.set({ spelling: "x" }), /422/);
});

inSandbox("snapshots", async (sectigo) => {
  const before = await sectigo.snapshot();
  const { orderNumber } = await sectigo.orders.create();
  await sectigo.restore(before);
  await assert.rejects(sectigo.orders.get(orderNumber), /404/);
  await sectigo.reset('[[accounts]]\nloginName = "me"\nloginPassword = "p"\n');
  assert.equal((await sectigo.accounts.list()).length, 1);
  await sectigo.reset();
  assert.ok((await sectigo.accounts.list()).length > 1);
});

test("fixtures may have dates and milliseconds wherever they are given", async () => {
  const issued = new Date("2029-12-31T00:00:00.001Z");
  // As the times of libraries are.
  const expires = { toJSON: () => "2030-06-01T00:00:00Z" };
  const fixtures = {
    accounts: [{ loginName: "me", loginPassword: "p", callLimit: { calls: 1, per: 60_000 }, strictPolling: 1500 }],
    orders: [{ loginName: "me", product: "smime", state: "issued", orderNumber: 7, issued, expires }],
    clock: { now: new Date("2030-01-01T00:00:00Z"), frozen: true },
    issuanceDelay: 90_000,
    nextOrderNumber: 1000,
  };
  const emulator = await startEmulator({ fixtures });
  try {
    const sectigo = await emulator.sandbox({ fixtures });
    const check = async ({ accounts, clock, orders }) => {
      const [{ callLimit, strictPolling }] = await accounts.list();
      assert.deepEqual([callLimit.per, strictPolling], ["1m", "1s 500ms"]);
      const order = await orders.get(7);
      assert.deepEqual([Date.parse(order.issued), order.expires], [issued.getTime(), expires.toJSON()]);
      assert.equal(Date.parse((await clock.get()).now), fixtures.clock.now.getTime());
    };
    await check(emulator.default);
    await check(sectigo);
    const snapshot = await sectigo.snapshot();
    assert.equal(snapshot.issuanceDelay, "1m 30s");
    assert.deepEqual(toJson(snapshot), snapshot);
    for (const again of [() => sectigo.reset(fixtures), () => sectigo.restore(fixtures), () => sectigo.restore(snapshot)]) {
      await sectigo.reset({});
      await again();
      await check(sectigo);
      assert.deepEqual(await sectigo.snapshot(), snapshot);
    }
  } finally {
    await emulator.stop();
  }
});

inSandbox("the name of a file is no fixtures", async (sectigo, emulator) => {
  for (const fixtures of ["nope.toml", "./some folder/nope.json"]) {
    for (const give of [(name) => sectigo.reset(name), () => emulator.sandbox({ fixtures }), () => startEmulator({ fixtures })]) {
      await assert.rejects(give(fixtures), { name: "TypeError", message: /is the name of a file: give its text, readFileSync\("/ });
    }
  }
  await sectigo.reset("# As in fixtures.toml");
});

inSandbox("sandboxes are apart", async (_, emulator) => {
  const mine = await emulator.sandbox({ name: "mine", logins: ["me"], ttl: 300_000, fixtures: {} });
  const { name, logins, ttl } = await mine.info();
  assert.deepEqual([name, logins, ttl], ["mine", ["me"], "5m"]);
  assert.equal(mine.baseUrl, `${emulator.baseUrl}/sandboxes/mine`);
  await mine.delete();
  assert.ok(!(await emulator.sandboxes()).some((one) => one.name === "mine"));
  assert.ok("endpoints" in (await emulator.catalogue()));
});

test("sandboxes of an emulator that the tests share are trusted", async () => {
  const [one, other] = [await sandbox({ name: "one" }), await sandbox()];
  assert.equal(one.emulator, other.emulator);
  const reply = await fetch(`${one.baseUrl}/products/!autoRevokeCS`, { method: "POST" });
  assert.match(await reply.text(), /^-3/);
  // A connection that names its own CAs trusts these alone.
  const stranger = await startEmulator();
  await assert.rejects(call({ baseUrl: one.baseUrl, ca: stranger.ca }, "!autoRevokeCS"), /certificate/);
  await stranger.stop();
  await one.emulator.stop();
});

test("whole numbers keep every digit, and strings stay as they are", () => {
  const text = String.raw`{"id":9999999998899997,"small":9007199254740991,"list":[-9007199254740993,1.2345678901234567,1e400],"text":"1: 9999999999999999, \"9999999999999998\" {\u0000big}"}`;
  const value = parse(text);
  assert.equal(value.id, 9999999998899997n);
  assert.equal(value.small, 9007199254740991);
  assert.deepEqual(value.list, [-9007199254740993n, 1.2345678901234567, Infinity]);
  assert.equal(value.text, '1: 9999999999999999, "9999999999999998" {\u0000big}');
  assert.equal(stringify({ id: value.id, list: [value.list[0]], text: value.text }), '{"id":9999999998899997,"list":[-9007199254740993],"text":"1: 9999999999999999, \\"9999999999999998\\" {\\u0000big}"}');
});

inSandbox("an order keeps a number above 2^53", async (sectigo) => {
  const orderNumber = 999_999_999_999_999_999n;
  const made = await sectigo.orders.create({ orderNumber, product: "code-signing", certificateID: 9_999_999_999_999_999n });
  assert.deepEqual([made.orderNumber, made.certificateID], [orderNumber, 9_999_999_999_999_999n]);
  const changed = await sectigo.orders.update(orderNumber, { certificateID: 9_007_199_254_740_993n });
  assert.equal(changed.certificateID, 9_007_199_254_740_993n);
  assert.match((await revoke(sectigo, String(orderNumber))).text, /^0\s*$/);
  assert.equal((await sectigo.calls.list({ orderNumber })).length, 1);
});

inSandbox("a name that is too long for a path is refused", async (sectigo) => {
  const error = await sectigo.accounts.get("a".repeat(70_000)).catch((error) => error);
  assert.ok(error instanceof ControlError && error.status === 414, String(error));
});

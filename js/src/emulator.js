// An emulator: one that runs already, or one that is started here and ends with this process.

import { execFile, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { findBinary } from "./binary.js";
import { Control } from "./control.js";
import { fixturesToJson, span, stringify, toJson } from "./convert.js";
import { Sandbox } from "./sandbox.js";

/** @import * as T from "./types.js" */
/** @import { ChildProcess } from "node:child_process" */

const PREFIX = "SECTIGO_EMULATOR_";

/**
 * The options of `startEmulator`, each of the type and no other.
 *
 * @type {Record<keyof T.EmulatorOptions, true>}
 */
const OPTIONS = {
  fixtures: true,
  assume: true,
  seed: true,
  issuanceDelay: true,
  plainHttp: true,
  caDir: true,
  token: true,
  args: true,
  binary: true,
  timeout: true,
};

/** The folders that are deleted when this process ends. */
const FOLDERS = new Set();
process.on("exit", () => {
  for (const folder of FOLDERS) rmSync(folder, { recursive: true, force: true });
});

/** An emulator that runs. */
export class RunningEmulator {
  /** @type {Control} */
  #control;
  /** @type {string | undefined} */
  #binary;
  /** @type {string} */
  #folder;

  /**
   * @param {Control} control
   * @param {{ baseUrl: string, httpUrl: string | undefined, ca: string, folder: string, binary?: string | undefined }} what
   */
  constructor(control, { baseUrl, httpUrl, ca, folder, binary }) {
    this.#control = control;
    this.#binary = binary;
    this.#folder = folder;
    /** The URL of the control API. */
    this.controlUrl = control.url;
    /** Where a client calls the API in the default sandbox. */
    this.baseUrl = baseUrl;
    /** The same over plain HTTP; undefined if that listener is off. */
    this.httpUrl = httpUrl;
    /** The certificate that clients should trust, PEM: the option `ca` of `https.Agent` and of undici's `connect`. */
    this.ca = ca;
    /** The path of a file with this certificate, which is deleted when this process ends. */
    this.caFile = join(folder, "ca.pem");
    writeFileSync(this.caFile, ca);
  }

  /** The sandbox that always exists. */
  get default() {
    return new Sandbox(this, this.#control, "default");
  }

  /**
   * Makes a sandbox; without a name, it is given one.
   *
   * @param {T.NewSandbox} [options]
   */
  async sandbox(options = {}) {
    const body = toJson({ ...options, fixtures: fixturesToJson(options.fixtures) });
    const { name } = await this.#control.send("POST", "/sandboxes", { body });
    return new Sandbox(this, this.#control, name);
  }

  /**
   * Every sandbox, the default one first.
   *
   * @returns {Promise<T.SandboxInfo[]>}
   */
  async sandboxes() {
    return (await this.#control.send("GET", "/sandboxes")).sandboxes;
  }

  /**
   * Every endpoint's arguments and codes, and the assumptions.
   *
   * @returns {Promise<Record<string, any>>}
   */
  catalogue() {
    return this.#control.send("GET", "/endpoints");
  }

  /**
   * The variables by which a program finds a sandbox and trusts its CA: SECTIGO_BASE_URL, SSL_CERT_FILE,
   * NODE_EXTRA_CA_CERTS, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, and what Java and PHP need. The files that they name are
   * deleted when this process ends.
   *
   * @param {string} [sandbox]
   * @returns {Promise<Record<string, string>>}
   */
  async env(sandbox = "default") {
    const words = ["env", "--format", "json", "--control", this.controlUrl, "--sandbox", sandbox];
    words.push("--dir", this.#folder, "--base-url", this.baseUrl);
    const env = cleanEnvironment(this.#control.token);
    const { stdout } = await promisify(execFile)(this.#binary ?? findBinary(), words, { env });
    return JSON.parse(stdout);
  }
}

/** An emulator that was started here; see `startEmulator`. With `await using`, it is stopped at the end. */
export class Emulator extends RunningEmulator {
  /** @type {Process} */
  #process;

  /**
   * @param {Control} control
   * @param {Process} process
   * @param {ConstructorParameters<typeof RunningEmulator>[1]} what
   */
  constructor(control, process, what) {
    super(control, what);
    this.#process = process;
  }

  /** The number of its process. */
  get pid() {
    return this.#process.child.pid;
  }

  /** What it has logged, a line for each call, with a hint; all of it after its stop. */
  log() {
    return this.#process.log();
  }

  /**
   * Stops it, and waits until it has ended.
   *
   * @returns {Promise<void>}
   */
  stop() {
    return this.#process.stop();
  }

  /** @returns {Promise<void>} */
  [Symbol.asyncDispose]() {
    return this.stop();
  }
}

/**
 * Starts an emulator on free ports, and gives it when it serves. It ends with this process, even if that is killed.
 *
 * @param {T.EmulatorOptions} [options]
 * @returns {Promise<Emulator>}
 * @throws {Error} There is no program, it does not start, or an option is not taken; the message says why.
 */
export async function startEmulator(options = {}) {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(OPTIONS, name));
  if (unknown !== undefined) {
    throw new TypeError(`${unknown} is no option; there are ${Object.keys(OPTIONS).join(", ")}`);
  }
  const { assume = {} } = options;
  if (typeof assume !== "object" || Array.isArray(assume)) {
    throw new TypeError(`assume is ${JSON.stringify(assume)}: give an object such as { spelling: "british" }`);
  }
  const binary = options.binary ?? findBinary();
  const process = new Process(binary, options);
  try {
    const urls = await process.ready(options.timeout ?? 30_000);
    const controlUrl = urls.get("control");
    const [httpUrl, httpsUrl] = [urls.get("http"), urls.get("https")];
    const baseUrl = httpsUrl ?? httpUrl;
    if (controlUrl === undefined) throw new Error("the control API is off, by which the emulator is driven");
    if (baseUrl === undefined) throw new Error("--https and --http are both off");
    const control = new Control(controlUrl, options.token);
    const ca = await control.read("GET", "/tls/ca.pem");
    return new Emulator(control, process, { baseUrl, httpUrl, ca, folder: process.folder, binary });
  } catch (error) {
    await process.stop();
    throw error;
  }
}

/**
 * An emulator that runs already.
 *
 * @param {string} controlUrl The URL of its control API, such as `http://localhost:8081`.
 * @param {{ token?: string, baseUrl?: string }} [options] What it demands (`--control-token`); where clients reach the
 *   API, if it is not where the emulator listens, as with a container's ports.
 */
export async function connect(controlUrl, { token, baseUrl } = {}) {
  const control = new Control(controlUrl, token);
  /** @type {T.Health} */
  const { https, http: httpUrl } = await control.send("GET", "/health");
  const reached = baseUrl?.replace(/\/+$/, "") ?? https;
  if (reached === undefined) throw new Error("the emulator serves no HTTPS (--https off): give baseUrl");
  const ca = await control.read("GET", "/tls/ca.pem");
  return new RunningEmulator(control, { baseUrl: reached, httpUrl, ca, folder: newFolder() });
}

/** The process of an emulator. */
class Process {
  /** @type {string | undefined} */
  #lastLog;

  /**
   * @param {string} binary
   * @param {T.EmulatorOptions} options
   */
  constructor(binary, options) {
    this.folder = newFolder();
    const words = ["serve", "--exit-with-stdin", ...this.#words(options)];
    const log = openSync(this.#logFile(), "w");
    // Its standard input is a pipe that this process alone holds: it ends when this process does. Ctrl-C is for this
    // process, so the emulator has a group of its own.
    this.child = spawn(binary, words, {
      stdio: ["pipe", "pipe", log],
      env: cleanEnvironment(options.token),
      detached: true,
    });
    closeSync(log);
    /** @type {Promise<Error | undefined>} */
    this.ended = new Promise((resolve) => {
      this.child.on("error", resolve);
      this.child.on("exit", () => resolve(undefined));
    });
    // An emulator that was not stopped does not keep this process.
    this.child.unref();
    for (const pipe of [this.child.stdin, this.child.stdout]) /** @type {any} */ (pipe)?.unref?.();
  }

  /**
   * The URL of each listener, when it serves.
   *
   * @param {number} timeout
   * @returns {Promise<Map<string, string>>}
   */
  ready(timeout) {
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`the emulator does not serve within ${timeout} ms: ${this.log()}`));
      const timer = setTimeout(late, timeout);
      /** @type {Map<string, string>} */
      const urls = new Map();
      const stdout = this.child.stdout;
      if (stdout === null) throw new Error("its standard output is a pipe");
      createInterface(stdout).on("line", (line) => {
        const [name = "", url = ""] = line.split(" ");
        urls.set(name, url);
        if (name !== "ready") return;
        clearTimeout(timer);
        resolve(urls);
      });
      void this.ended.then((error) => {
        clearTimeout(timer);
        reject(error ?? new Error(`the emulator did not start: ${this.log().trim()}`));
      });
    });
  }

  log() {
    return this.#lastLog ?? readFileSync(this.#logFile(), "utf8");
  }

  async stop() {
    this.child.ref();
    this.child.stdin?.end();
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
    await this.ended;
    clearTimeout(timer);
    this.#lastLog ??= this.log();
    rmSync(this.folder, { recursive: true, force: true });
    FOLDERS.delete(this.folder);
  }

  #logFile() {
    return join(this.folder, "log.txt");
  }

  /** @param {T.EmulatorOptions} options */
  #words(options) {
    const words = ["--https", "127.0.0.1:0", "--http", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    for (const [name, value] of Object.entries(options.assume ?? {})) words.push("--assume", `${name}=${value}`);
    if (options.seed !== undefined) words.push("--seed", String(options.seed));
    if (options.issuanceDelay !== undefined) words.push("--issuance-delay", span(options.issuanceDelay));
    if (options.plainHttp) words.push("--plain-http", "accept");
    if (options.caDir !== undefined) words.push("--ca-dir", options.caDir);
    if (options.fixtures !== undefined) {
      const fixtures = fixturesToJson(options.fixtures);
      const text = typeof fixtures === "string" ? fixtures : stringify(fixtures);
      const file = join(this.folder, text.trimStart().startsWith("{") ? "fixtures.json" : "fixtures.toml");
      writeFileSync(file, text);
      words.push("--fixtures", file);
    }
    return [...words, ...(options.args ?? [])];
  }
}

/** A new folder, which is deleted when this process ends. */
function newFolder() {
  mkdirSync(tmpdir(), { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "sectigo-emulator-"));
  FOLDERS.add(folder);
  return folder;
}

/**
 * This process's variables without those that set options of the program: the arguments do. The token is none of them,
 * as everybody can read the words of a command line.
 *
 * @param {string | undefined} token
 */
function cleanEnvironment(token) {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith(PREFIX));
  return { ...Object.fromEntries(clean), ...(token !== undefined && { [`${PREFIX}CONTROL_TOKEN`]: token }) };
}

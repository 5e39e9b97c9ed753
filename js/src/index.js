// Starts and drives a sectigo-emulator, a local emulator of Sectigo's partner API, from Node.

import { connect, startEmulator } from "./emulator.js";
import { trust } from "./trust.js";

export { findBinary } from "./binary.js";
export { ControlError } from "./control.js";
export { connect, Emulator, RunningEmulator, startEmulator } from "./emulator.js";
export { describe, NotCalledError, Sandbox } from "./sandbox.js";
export { trust } from "./trust.js";
/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").Call} Call */
/** @typedef {import("./types.js").CallFilter} CallFilter */
/** @typedef {import("./types.js").Certificate} Certificate */
/** @typedef {import("./types.js").Clock} Clock */
/** @typedef {import("./types.js").EmulatorOptions} EmulatorOptions */
/** @typedef {import("./types.js").Expectation} Expectation */
/** @typedef {import("./types.js").Extension} Extension */
/** @typedef {import("./types.js").Fault} Fault */
/** @typedef {import("./types.js").Mail} Mail */
/** @typedef {import("./types.js").NewAccount} NewAccount */
/** @typedef {import("./types.js").NewFault} NewFault */
/** @typedef {import("./types.js").NewOrder} NewOrder */
/** @typedef {import("./types.js").NewSandbox} NewSandbox */
/** @typedef {import("./types.js").Order} Order */

/** @type {Promise<import("./emulator.js").RunningEmulator> | undefined} */
let shared;

/**
 * The emulator that the tests share: that of `sectigo-emulator/setup`, which SECTIGO_CONTROL_URL names, or one of this
 * process, started when it is first asked for. From then on this process trusts its CA.
 */
export function sharedEmulator() {
  shared ??= findOrStart();
  return shared;
}

async function findOrStart() {
  const url = process.env["SECTIGO_CONTROL_URL"];
  const emulator = await (url ? connect(url) : startEmulator());
  trust(emulator.ca);
  return emulator;
}

/**
 * Makes a sandbox in the emulator that the tests share, whose CA this process trusts from then on.
 *
 * @param {import("./types.js").NewSandbox} [options]
 */
export async function sandbox(options) {
  return (await sharedEmulator()).sandbox(options);
}

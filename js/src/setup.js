// The `globalSetup` of vitest and of jest: one emulator for all tests.

import { startEmulator } from "./emulator.js";

/** @type {import("./emulator.js").Emulator | undefined} */
let emulator;

/**
 * Starts the emulator, unless SECTIGO_CONTROL_URL names one that runs, and sets the variables by which processes that
 * begin after this find it, as `sandbox()` does, and trust its CA.
 */
export async function setup() {
  if (process.env["SECTIGO_CONTROL_URL"]) return;
  emulator = await startEmulator();
  Object.assign(process.env, await emulator.env());
}

/** Stops it. */
export async function teardown() {
  await emulator?.stop();
  emulator = undefined;
}

/** For jest: `globalSetup: "sectigo-emulator/setup"`. */
export default setup;

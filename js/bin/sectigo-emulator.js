#!/usr/bin/env node
// The program itself: the arguments, the standard streams, the signals and the exit code are its own.

import { spawn } from "node:child_process";
import { constants } from "node:os";

import { findBinary } from "../src/binary.js";

/** Is set for the program. If it is set for this script, what was taken for the program has started it once more. */
const STARTED = "NODE_STARTED_SECTIGO_EMULATOR";

try {
  const program = findBinary();
  if (process.env[STARTED] === program) throw new Error(`${program} is not the program, it starts this script`);
  const env = { ...process.env, [STARTED]: program };
  const child = spawn(program, process.argv.slice(2), { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exit(1);
}

#!/usr/bin/env node
// The program itself: the arguments, the standard streams, the signals and the exit code are its own.

import { spawn } from "node:child_process";
import { constants } from "node:os";

import { findBinary } from "../src/binary.js";

try {
  const child = spawn(findBinary(), process.argv.slice(2), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exit(1);
}

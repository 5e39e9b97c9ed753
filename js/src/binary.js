// Where the program is.

import { accessSync, constants, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, join } from "node:path";

const NAME = "sectigo-emulator";
const VARIABLE = "SECTIGO_EMULATOR_BINARY";

/** The file of this package's own command. */
const WRAPPER = "sectigo-emulator.js";

/**
 * The path of the program: what SECTIGO_EMULATOR_BINARY names, what was installed with this package for this platform,
 * or what is on the PATH.
 *
 * @returns {string}
 * @throws {Error} It is in none of these places; the message says how to get it.
 */
export function findBinary() {
  const named = process.env[VARIABLE];
  if (named) {
    if (isProgram(named)) return named;
    throw new Error(`${VARIABLE} is ${named}, which is no program that can be run`);
  }
  const platform = `${NAME}-${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(`${platform}/bin/${NAME}`);
  } catch {
    // It was installed without its optional dependencies, or there is none for this platform.
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = folders.map((folder) => join(folder, NAME)).find((path) => isProgram(path) && !isWrapper(path));
  if (found) return found;
  throw new Error(
    `the program ${NAME} is neither installed with this package nor on the PATH. The package ${platform} has it, which ` +
      `npm installs with ${NAME} unless it omits optional dependencies; there are packages for Linux and macOS, x64 and ` +
      `arm64. Elsewhere build it with \`cargo install --path .\` in its repository, or name it in ${VARIABLE}`,
  );
}

/**
 * Whether a file is this package's own command, or a script that a package manager has made for it. It would only look for
 * the program once more.
 *
 * @param {string} path
 */
function isWrapper(path) {
  if (basename(realpathSync(path)) === WRAPPER) return true;
  const text = readFileSync(path).subarray(0, 4096).toString("latin1");
  return text.startsWith("#!") && text.includes(WRAPPER);
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

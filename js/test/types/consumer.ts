// What a program in TypeScript writes; it is type-checked, and never run.

import { test } from "sectigo-emulator/vitest";
import setup from "sectigo-emulator/setup";
import teardown from "sectigo-emulator/teardown";
import { connect, type NewOrder, NotCalledError, sandbox, startEmulator } from "sectigo-emulator";

const order: NewOrder = { product: "code-signing", issued: new Date(), expires: "+30d", revocation: { at: "-1d", codeReason: 1 } };

test("types", async ({ sectigo }) => {
  await using emulator = await startEmulator({ seed: 1, issuanceDelay: 500, assume: { spelling: "british" } });
  const other = await connect(emulator.controlUrl, { token: "x" });
  await using mine = await other.sandbox({ name: "mine", ttl: "10m", fixtures: { accounts: [] } });
  const { orderNumber, state } = await mine.orders.create(order);
  if (state === "issued") await mine.orders.update(orderNumber, { state: "revoked", organization: null });
  const url: string | undefined = mine.httpUrl;
  const ca: string = sectigo.ca;
  await mine.faults.add({ then: { delay: 500 }, times: 1 });
  const error: NotCalledError | string = await mine.calls.expect({ code: 0, within: "1s" }).then(() => ca, (error) => error);
  await mine.accounts.update("a", { push: { url: "https://localhost:9", user: null, password: null }, callLimit: null });
  // @ts-expect-error There is no such state.
  await mine.orders.list({ state: "lost" });
  // @ts-expect-error There is no such field.
  await mine.accounts.create({ loginName: "a", loginPassword: "b", lock: true });
  console.log(url, error, (await sandbox()).name, setup, teardown);
});

import { sandbox } from "sectigo-emulator";

test("a call arrives in the sandbox", async () => {
  const sectigo = await sandbox();
  const reply = await fetch(`${sectigo.baseUrl}/products/!autoRevokeCS`, { method: "POST" });
  expect(await reply.text()).toMatch(/^-3/);
  expect(await sectigo.calls.count({ endpoint: "!autoRevokeCS" })).toBe(1);
  await sectigo.delete();
});

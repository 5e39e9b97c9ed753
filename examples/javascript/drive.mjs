// Drives a running emulator from JavaScript (Node.js 18 or newer): makes a sandbox and an order, and lets the order expire.
//
//     node examples/javascript/drive.mjs
import assert from "node:assert/strict";

const CONTROL = "http://localhost:8081/control/v1";

/** Sends a request to the control API and returns the JSON of its response. */
async function control(method, path, body) {
  const response = await fetch(CONTROL + path, {
    method,
    body: body && JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
  });
  if (!response.ok) throw new Error(await response.text());
  return response.status === 204 ? null : response.json();
}

const { name } = await control("POST", "/sandboxes", { ttl: "10m" });
const order = { orderNumber: 7, loginName: "login_name", product: "code-signing", state: "issued" };
await control("POST", `/sandboxes/${name}/orders`, order);
// Here your client would use https://localhost:8443/sandboxes/${name} as its base URL.
await control("POST", `/sandboxes/${name}/clock/advance`, { by: "400d" });
assert.equal((await control("GET", `/sandboxes/${name}/orders/7`)).state, "expired");
assert.equal((await control("POST", `/sandboxes/${name}/calls/count`, { orderNumber: 7 })).count, 0);
await control("DELETE", `/sandboxes/${name}`);

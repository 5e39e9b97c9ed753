// The life of an S/MIME order by Node's fetch, its certificate read by Node's own X.509.
//
//     NODE_EXTRA_CA_CERTS=CA_FILE node life_fetch.mjs BASE_URL CSR_FILE

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";

const [base, csrFile] = process.argv.slice(2);
const csr = await readFile(csrFile, "utf8");
const login = { loginName: "login_name", loginPassword: "login_password" };

async function call(path, fields) {
  const response = await fetch(`${base}/products/${path}`, {
    method: "POST",
    body: new URLSearchParams({ ...login, ...fields }),
  });
  assert.equal(response.status, 200);
  return response.text();
}

const applied = new URLSearchParams(
  await call("!AutoApplyOrder", {
    product: "794",
    days: "365",
    sanEmailAddress: "jane@example.com",
    csr,
    responseFormat: "1",
  }),
);
assert.equal(applied.get("errorCode"), "0");
const orderNumber = applied.get("orderNumber");

const collected = await call("download/CollectSMIME", { orderNumber, queryType: "2" });
const leaf = new X509Certificate(collected.slice(collected.indexOf("-----BEGIN")));
assert.equal(leaf.subjectAltName, "email:jane@example.com");

const replaced = JSON.parse(await call("!AutoReplaceSMIME", { orderNumber, csr, responseFormat: "2" }));
assert.equal(replaced.errorCode, 0);
const second = replaced.orderNumber;
assert.equal(typeof second, "string");
assert.equal(await call("!autoRevokeCertificate", { orderNumber: second }), "0\n");
assert.match(await call("download/CollectSMIME", { orderNumber: second, queryType: "2" }), /^-21\n/);
console.log("fetch: the life of the order is as it should be");

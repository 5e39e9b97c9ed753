import "reflect-metadata";
import { Pkcs10CertificateRequestGenerator, X509Certificate, X509Crl } from "@peculiar/x509";
import { test } from "sectigo-emulator/vitest";
import { expect } from "vitest";
import { Client, SectigoError } from "./client.mjs";

const clientOf = (sectigo) => new Client(sectigo.baseUrl, "login_name", "login_password");

test("a replaced certificate is collected and verified", async ({ sectigo }) => {
  const { orderNumber } = await sectigo.orders.create({ product: "smime", email: "jane@example.com" });
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const csr = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: algorithm });
  const client = clientOf(sectigo);
  const [leaf, issuer, root] = await client.collect(await client.replace(orderNumber, csr.toString("pem")));
  expect(leaf.verify(issuer.publicKey) && issuer.verify(root.publicKey)).toBe(true);
  expect(await isRevoked(leaf.toString(), issuer.toString())).toBe(false);
  await sectigo.calls.expect({ endpoint: "!AutoReplaceSMIME", orderNumber, code: 0 });
});

test("a certificate is revoked through a gateway that fails once", async ({ sectigo }) => {
  const { orderNumber } = await sectigo.orders.create({ product: "code-signing" });
  await sectigo.faults.add({ then: { status: 503 }, times: 1 });
  await clientOf(sectigo).revoke(orderNumber, "lost");
  const [pem, chain] = [await sectigo.certificates.pem(orderNumber), await sectigo.certificates.chain(orderNumber)];
  expect(await isRevoked(pem, chain.split(/(?<=END CERTIFICATE-----)\n/)[0])).toBe(true);
  expect((await sectigo.calls.list({ endpoint: "!autoRevokeCS" })).map((call) => call.status)).toEqual([503, 200]);
});

test("an expired certificate cannot be revoked", async ({ sectigo }) => {
  const { orderNumber } = await sectigo.orders.create({ product: "code-signing" });
  await sectigo.clock.advance("400d");
  await expect(clientOf(sectigo).revoke(orderNumber, "lost")).rejects.toThrow(SectigoError);
});

/** Whether a certificate is in the CRL that it names, which its issuer must have signed. */
async function isRevoked(pem, issuerPem) {
  const leaf = new X509Certificate(pem);
  const points = leaf.getExtension("2.5.29.31").distributionPoints;
  const url = points[0].distributionPoint.fullName[0].uniformResourceIdentifier;
  const crl = new X509Crl(await (await fetch(url)).arrayBuffer());
  expect(await crl.verify({ publicKey: new X509Certificate(issuerPem) })).toBe(true);
  return crl.findRevoked(leaf) !== null;
}

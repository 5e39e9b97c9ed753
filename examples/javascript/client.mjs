// A small client of !AutoReplaceSMIME, download/CollectSMIME and !autoRevokeCS.
import { X509Certificate } from "node:crypto";

/** Sectigo refused a request. */
export class SectigoError extends Error {}

export class Client {
  constructor(baseUrl, loginName, loginPassword) {
    Object.assign(this, { baseUrl, login: { loginName, loginPassword } });
  }

  /** Replaces the CSR of an S/MIME order, and gives the number of the new order. */
  async replace(orderNumber, csr) {
    return Number((await this.#call("!AutoReplaceSMIME", { orderNumber, csr }))[0]);
  }

  /** The certificate of an S/MIME order and the CAs above it, the root last. */
  async collect(orderNumber) {
    const lines = await this.#call("download/CollectSMIME", { orderNumber, queryType: 1 });
    const pems = lines.join("\n").match(/-----BEGIN[^]*?END CERTIFICATE-----/g);
    return pems.map((pem) => new X509Certificate(pem)).reverse();
  }

  async revoke(orderNumber, revocationReason) {
    await this.#call("!autoRevokeCS", { orderNumber, revocationReason, codeReason: 1 });
  }

  async #call(endpoint, fields) {
    const body = new URLSearchParams({ ...this.login, ...fields });
    let reply;
    for (let left = 3; left && (!reply || reply.status === 503); left--) {
      reply = await fetch(`${this.baseUrl}/products/${endpoint}`, { method: "POST", body });
    }
    if (!reply.ok) throw new Error(`HTTP status ${reply.status}`);
    const [code, ...lines] = (await reply.text()).split("\n");
    if (Number(code) < 0) throw new SectigoError(`${code}: ${lines[0]}`);
    return lines;
  }
}

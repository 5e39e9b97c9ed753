// Lets this process trust a CA, besides the public ones.

import tls from "node:tls";

/** Those that are trusted already. */
const TRUSTED = new Set();

/**
 * Lets every TLS connection of this process from now on trust a CA, besides those that Node trusts by itself: those of
 * `fetch`, `https`, axios and others, except where a connection names its own `ca`.
 *
 * @param {string} ca Its certificate, PEM.
 */
export function trust(ca) {
  if (TRUSTED.has(ca)) return;
  TRUSTED.add(ca);
  /** @type {any} */
  const node = tls;
  if (node.setDefaultCACertificates) {
    node.setDefaultCACertificates([...node.getCACertificates("default"), ca]);
    return;
  }
  // Before Node 22.19 and 24.5 there is only the variable NODE_EXTRA_CA_CERTS, which is read when the process begins.
  const { createSecureContext } = tls;
  /** @param {import("node:tls").SecureContextOptions} [options] */
  node.createSecureContext = (options) => {
    const made = createSecureContext(options);
    if (!options?.ca) made.context.addCACert(ca);
    return made;
  };
}

// The interfaces have every field that the OpenAPI document has, and no other.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { SPANS } from "../src/convert.js";
import { findBinary } from "../src/index.js";

const types = readFileSync(new URL("../src/types.d.ts", import.meta.url), "utf8");
const { schemas } = JSON.parse(execFileSync(findBinary(), ["openapi"], { encoding: "utf8" })).components;

/** The fields of an interface, each with whether it must be there. */
function fieldsOf(name) {
  const found = types.match(new RegExp(`export interface ${name}(?: extends (\\w+))? {\\n([^}]*)}`));
  assert.ok(found, name);
  const own = [...found[2].matchAll(/^ {2}(\w+)(\??):/gm)].map(([, field, mark]) => [field, mark === ""]);
  return new Map([...(found[1] ? fieldsOf(found[1]) : []), ...own]);
}

for (const [name, schema] of Object.entries({
  Account: "Account",
  Argument: "CallArgument",
  Call: "Call",
  CallLimit: "CallLimitEntry",
  Certificate: "Certificate",
  Extension: "Extension",
  Clock: "Clock",
  Count: "Count",
  Difference: "Differs",
  Expectation: "CountRequest",
  Fault: "Fault",
  Health: "Health",
  Mail: "Mail",
  NearCall: "Near",
  NewFault: "FaultEntry",
  NewSandbox: "NewSandbox",
  Order: "OrderEntry",
  Push: "PushEntry",
  Revocation: "RevocationEntry",
  SandboxInfo: "Sandbox",
  Then: "ThenEntry",
})) {
  test(`${name} has every field`, () => {
    const fields = fieldsOf(name);
    assert.deepEqual([...fields.keys()].sort(), Object.keys(schemas[schema].properties).sort());
    const required = [...fields].filter(([, isRequired]) => isRequired).map(([field]) => field);
    assert.deepEqual(required.sort(), [...(schemas[schema].required ?? [])].sort());
  });
}

for (const [name, schema] of Object.entries({
  CallKind: "CallKind",
  Disconnect: "DisconnectEntry",
  IssuanceFailure: "IssuanceFailure",
  MailKind: "MailKind",
  Payment: "Payment",
  Product: "Product",
  SignatureHash: "SignatureHash",
  State: "State",
})) {
  test(`${name} has every word`, () => {
    const words = types.match(new RegExp(`export type ${name} =([^;]*);`))[1].match(/[\w-]+/g);
    assert.deepEqual(words.sort(), [...schemas[schema].enum].sort());
  });
}

test("the fields that are spans are known, and no other has their name", () => {
  const isSpan = (field) => [field, ...(field.oneOf ?? [])].some((one) => one.$ref === "#/components/schemas/Span");
  const fields = Object.values(schemas).flatMap(({ properties = {} }) => Object.entries(properties));
  const named = (which) => new Set(which.map(([name]) => name));
  assert.deepEqual(named(fields.filter(([, field]) => isSpan(field))), SPANS);
  assert.deepEqual(fields.filter(([name, field]) => SPANS.has(name) && !isSpan(field)), []);
});

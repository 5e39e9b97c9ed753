// For jest: `globalTeardown: "sectigo-emulator/teardown"`.

export { teardown as default } from "./setup.js";

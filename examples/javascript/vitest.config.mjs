export default { test: { globalSetup: "sectigo-emulator/setup" } };

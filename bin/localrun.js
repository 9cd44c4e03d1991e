#!/usr/bin/env node
// CommonJS, so that a Node.js that is too old can read it.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 5)) {
  console.error(`localrun needs Node.js 20.5 or newer; this is ${process.version}.`);
  process.exitCode = 1;
} else {
  // From Node.js 22.8 on, the next start finds the code compiled.
  require('node:module').enableCompileCache?.();
  const { main, systemIo } = require('../dist/main.cjs');
  void (async () => {
    // That stdout could not be written may be known before, or come after.
    process.exitCode = (await main(process.argv.slice(2), systemIo())) || process.exitCode;
  })();
}

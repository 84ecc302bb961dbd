// What the JavaScript tests share: the account from the environment, steps that are named when they fail, waiting.
"use strict";
const account = JSON.parse(process.env.SCORIA_TEST_ACCOUNT);

let passed = 0;
async function step(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    console.error(`FAIL  ${name}: ${error.code || ""} ${error.statusCode || ""} ${error.stack}`);
    process.exitCode = 1;
  }
}

async function until(what, seconds, condition) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// The error that a call must end with.
async function refused(call, code, status) {
  try {
    await call();
  } catch (error) {
    const found = error.code || (error.body && error.body.code) || (error.details && error.details.errorCode);
    if ((code && found !== code) || (status && error.statusCode !== status)) {
      throw new Error(`refused with ${found} ${error.statusCode} instead of ${code} ${status || ""}: ${error.message}`);
    }
    return error;
  }
  throw new Error(`was not refused with ${code}`);
}

function done() {
  console.log(`${passed} steps passed`);
}

module.exports = { account, step, until, refused, done };

// A peer of bench/serve.py: one node process, plain http, onnxruntime-node. POST /score {"df": [{...}]} -> [25.6, ...], columns by name.
// With JWKS_URL and LOG: each request must have an ES256 token of that key, which is checked once and remembered until it expires, and gets a line of JSON in LOG.
// usage: NODE_PATH=... [JWKS_URL=http://... LOG=FILE] node bench/serve_onnx.js MODEL.onnx PORT
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const http = require("http");
const ort = require("onnxruntime-node");

const NAMES = ["crim", "zn", "indus", "chas", "nox", "rm", "age", "dis", "rad", "tax", "ptratio", "black", "lstat"];

const part = (text) => JSON.parse(Buffer.from(text, "base64url").toString());

// Of a request: the token's subject, or undefined.
async function make_gate(url) {
  if (!url) return () => "";
  const { keys } = await (await fetch(url)).json();
  const by_id = new Map(keys.map((key) => [key.kid, crypto.createPublicKey({ key, format: "jwk" })]));
  const known = new Map();
  return (request) => {
    const text = request.headers.authorization || "";
    let found = known.get(text);
    if (found === undefined && text.startsWith("Bearer ")) {
      const [head, claims, signature] = text.slice(7).split(".");
      const key = { key: by_id.get(part(head).kid), dsaEncoding: "ieee-p1363" };
      if (!crypto.verify("sha256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url"))) return undefined;
      known.set(text, (found = { user: part(claims).sub, until: part(claims).exp * 1000 }));
    }
    return found !== undefined && Date.now() < found.until ? found.user : undefined;
  };
}

// Lines are gathered, and written at once.
function make_log(path) {
  if (!path) return () => {};
  const file = fs.createWriteStream(path, { flags: "a" });
  let lines = [];
  setInterval(() => {
    if (lines.length > 0) file.write(lines.join(""));
    lines = [];
  }, 200);
  return (line) => lines.push(JSON.stringify(line) + "\n");
}

async function main() {
  const gate = await make_gate(process.env.JWKS_URL);
  const log = make_log(process.env.LOG);
  // One thread, as one process is measured; more make a row's forest slower.
  const session = await ort.InferenceSession.create(process.argv[2], { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const server = http.createServer((request, response) => {
    const begin = process.env.LOG ? process.hrtime.bigint() : 0n;
    const user = gate(request);
    if (user === undefined) {
      response.writeHead(401);
      return response.end();
    }
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", async () => {
      try {
        const rows = JSON.parse(pieces.length === 1 ? pieces[0].toString() : Buffer.concat(pieces).toString()).df;
        const values = new Float32Array(rows.length * NAMES.length);
        let at = 0;
        for (const row of rows) for (const name of NAMES) values[at++] = row[name];
        const { y } = await session.run({ x: new ort.Tensor("float32", values, [rows.length, NAMES.length]) });
        const text = JSON.stringify(Array.from(y.data));
        response.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
        response.end(text);
        if (process.env.LOG)
          log({ time: new Date().toISOString(), peer: request.socket.remoteAddress, user, method: request.method, path: request.url, status: 200,
                rows: rows.length, bytes: text.length, micros: Number((process.hrtime.bigint() - begin) / 1000n) });
      } catch (error) {
        response.writeHead(400);
        response.end(String(error));
      }
    });
  });
  server.keepAliveTimeout = 75000;
  server.listen(Number(process.argv[3]), "127.0.0.1");
}
main();

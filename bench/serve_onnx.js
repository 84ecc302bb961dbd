// A peer of bench/serve.py: one node process, plain http, onnxruntime-node. POST /score {"df": [{...}]} -> [25.6, ...], columns by name.
// usage: NODE_PATH=... node bench/serve_onnx.js MODEL.onnx PORT
"use strict";
const http = require("http");
const ort = require("onnxruntime-node");

const NAMES = ["crim", "zn", "indus", "chas", "nox", "rm", "age", "dis", "rad", "tax", "ptratio", "black", "lstat"];

async function main() {
  // One thread, as one process is measured; more make a row's forest slower.
  const session = await ort.InferenceSession.create(process.argv[2], { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const server = http.createServer((request, response) => {
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

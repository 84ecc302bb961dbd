// Unmodified @azure/batch 6.0.0 (api-version 2018-08-01.7.0) and 8.0.0 (2020-09-01.12.0): the shapes that changed between them.
"use strict";
const assert = require("assert");
const http = require("http");
const { account, step, until, done } = require("./check");

const { BatchSharedKeyCredentials } = require("batch-8"); // 6 has none of its own, and takes it
const credentials = new BatchSharedKeyCredentials(account.accountName, account.accountKey);
const clients = {
  js6: new (require("batch-6").BatchServiceClient)(credentials, { baseUri: account.batchUrl }),
  js8: new (require("batch-8").BatchServiceClient)(credentials, account.batchUrl),
};

async function text(response) {
  const parts = [];
  for await (const part of response.readableStreamBody) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

(async () => {
  // Where the tasks' files come from.
  const files = http.createServer((_, reply) => reply.end("from afar\n")).listen(0, "127.0.0.1");
  await new Promise((resolve) => files.once("listening", resolve));
  const url = `http://127.0.0.1:${files.address().port}/x.txt`;
  for (const [id, client] of Object.entries(clients)) {
    const isOld = id === "js6";
    await step(`${id}: a pool has its slots under the version's name`, async () => {
      await client.pool.add({
        id, vmSize: "standard_a1_v2", targetDedicatedNodes: 1,
        virtualMachineConfiguration: { imageReference: { publisher: "p", offer: "o", sku: "s" }, nodeAgentSKUId: "a" },
        ...(isOld ? { maxTasksPerNode: 2 } : { taskSlotsPerNode: 2 }),
      });
      const pool = await client.pool.get(id);
      assert.strictEqual(isOld ? pool.maxTasksPerNode : pool.taskSlotsPerNode, 2);
      assert.strictEqual(isOld ? pool.taskSlotsPerNode : pool.maxTasksPerNode, undefined);
    });
    await step(`${id}: a task's file comes from ${isOld ? "blobSource" : "httpUrl"}`, async () => {
      await client.job.add({ id, poolInfo: { poolId: id } });
      await client.task.add(id, { id: "t", commandLine: "cat x.txt", resourceFiles: [{ [isOld ? "blobSource" : "httpUrl"]: url, filePath: "x.txt" }] });
      const task = await until("t completed", 30, async () => {
        const found = await client.task.get(id, "t");
        return found.state === "completed" && found;
      });
      assert.strictEqual(task.executionInfo.exitCode, 0, JSON.stringify(task.executionInfo));
      assert.strictEqual(task.resourceFiles[0][isOld ? "blobSource" : "httpUrl"], url);
      assert.strictEqual(await text(await client.file.getFromTask(id, "t", "stdout.txt")), "from afar\n");
    });
    await step(`${id}: counts are ${isOld ? "flat" : "nested"}`, async () => {
      const counts = await client.job.getTaskCounts(id);
      assert.strictEqual((isOld ? counts : counts.taskCounts).succeeded, 1, JSON.stringify(counts));
    });
    await step(`${id}: ${isOld ? "agents with their images" : "images with their agents"}`, async () => {
      if (isOld) {
        const agents = await client.account.listNodeAgentSkus();
        assert.ok(agents.some((a) => a.id === "batch.node.ubuntu 20.04" && a.verifiedImageReferences.length === 2), JSON.stringify(agents));
      } else {
        assert.ok((await client.account.listSupportedImages()).some((i) => i.nodeAgentSKUId === "batch.node.ubuntu 20.04"));
      }
    });
    await step(`${id}: a collection, an evaluation by an old name, an end`, async () => {
      const added = await client.task.addCollection(id, [{ id: "a", commandLine: "/bin/true" }, { id: "t", commandLine: "/bin/true" }]);
      assert.deepStrictEqual(added.value.map((r) => (r.error || r.status).code || r.status.toLowerCase()).sort(), ["TaskExists", "success"]);
      await client.pool.enableAutoScale(id, { autoScaleFormula: "$TargetDedicated=1", autoScaleEvaluationInterval: "PT5M" });
      const run = await client.pool.evaluateAutoScale(id, "$TargetDedicated=1");
      assert.ok(run.results.startsWith("$TargetDedicatedNodes=1;"), run.results);
      await client.job.deleteMethod(id);
      await client.pool.deleteMethod(id);
    });
  }
  files.close();
  done();
})();

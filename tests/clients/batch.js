// Unmodified @azure/batch 10.2.0 against the server whose account SCORIA_TEST_ACCOUNT holds.
"use strict";
const assert = require("assert");
const { BatchServiceClient, BatchSharedKeyCredentials } = require("@azure/batch");
const { account, step, until, refused, done } = require("./check");

const client = new BatchServiceClient(new BatchSharedKeyCredentials(account.accountName, account.accountKey), account.batchUrl);
const image = {
  imageReference: { publisher: "microsoft-azure-batch", offer: "ubuntu-server-container", sku: "20-04-lts" },
  nodeAgentSKUId: "batch.node.ubuntu 20.04",
};
const pool = (id, more) => ({ id, vmSize: "standard_a1_v2", virtualMachineConfiguration: image, ...more });
const idleNodes = async (id, count) =>
  until(`${count} idle nodes in ${id}`, 30, async () => {
    const nodes = await client.computeNode.list(id);
    return nodes.filter((n) => n.state === "idle" || n.state === "running").length === count && nodes;
  });
const completed = (job, id, seconds = 30) =>
  until(`task ${id} of ${job} to complete`, seconds, async () => {
    const task = await client.task.get(job, id);
    return task.state === "completed" && task;
  });
async function text(response) {
  const stream = response.readableStreamBody;
  const parts = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

async function pools() {
  await step("pool: add, exists, get, list with select", async () => {
    await client.pool.add(pool("p1", { targetDedicatedNodes: 1, taskSlotsPerNode: 2, metadata: [{ name: "a", value: "b" }] }));
    assert.strictEqual((await client.pool.exists("p1")).body, true);
    assert.strictEqual((await client.pool.exists("nope")).body, false);
    const got = await client.pool.get("p1");
    assert.strictEqual(got.vmSize, "standard_a1_v2");
    assert.strictEqual(got.taskSlotsPerNode, 2);
    assert.strictEqual(got.targetDedicatedNodes, 1);
    assert.strictEqual(got.state, "active");
    assert.strictEqual(got.resizeErrors, undefined);
    assert.deepStrictEqual(got.metadata, [{ name: "a", value: "b" }]);
    assert.ok(got.eTag && got.lastModified instanceof Date && got.url.endsWith("/pools/p1"), JSON.stringify(got));
    const list = await client.pool.list({ poolListOptions: { select: "id,state", filter: "state eq 'active'" } });
    assert.deepStrictEqual(list.map((p) => [p.id, p.state, p.vmSize]), [["p1", "active", undefined]]);
  });
  await step("pool: 409 PoolExists, 404 PoolNotFound, 400 of a bad id", async () => {
    await refused(() => client.pool.add(pool("P1")), "PoolExists", 409);
    await refused(() => client.pool.get("missing"), "PoolNotFound", 404);
    await refused(() => client.pool.add(pool("no spaces")), "InvalidPropertyValue", 400);
  });
  await step("pool: its node becomes idle", async () => {
    const [node] = await idleNodes("p1", 1);
    assert.strictEqual(node.isDedicated, true);
    assert.strictEqual(node.schedulingState, "enabled");
    const pool1 = await client.pool.get("p1");
    assert.strictEqual(pool1.allocationState, "steady");
    assert.strictEqual(pool1.currentDedicatedNodes, 1);
  });
  await step("pool: If-Match that does not fit is 412", async () => {
    await refused(() => client.pool.patch("p1", { metadata: [] }, { poolPatchOptions: { ifMatch: '"0x0"' } }), "ConditionNotMet", 412);
    const { eTag } = await client.pool.get("p1");
    await client.pool.patch("p1", { metadata: [{ name: "x", value: "y" }] }, { poolPatchOptions: { ifMatch: eTag } });
    assert.deepStrictEqual((await client.pool.get("p1")).metadata, [{ name: "x", value: "y" }]);
    assert.notStrictEqual((await client.pool.get("p1")).eTag, eTag);
  });
  await step("pool: resize up and down, stopResize", async () => {
    await client.pool.resize("p1", { targetDedicatedNodes: 2 });
    await idleNodes("p1", 2);
    await until("steady", 20, async () => (await client.pool.get("p1")).allocationState === "steady");
    await client.pool.resize("p1", { targetDedicatedNodes: 1 });
    await until("one node", 30, async () => (await client.pool.get("p1")).currentDedicatedNodes === 1);
    await until("steady", 20, async () => (await client.pool.get("p1")).allocationState === "steady");
  });
  await step("pool: autoscale: enable, evaluate, an undefined variable, a syntax error, disable", async () => {
    await client.pool.enableAutoScale("p1", { autoScaleFormula: "$TargetDedicatedNodes=1;", autoScaleEvaluationInterval: "PT5M" });
    const fine = await client.pool.evaluateAutoScale("p1", "a=2;$TargetDedicatedNodes=a+0.9;");
    assert.strictEqual(fine.results, "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;a=2");
    const wrong = await client.pool.evaluateAutoScale("p1", "$TargetDedicatedNodes=nothing;");
    assert.strictEqual(wrong.error.code, "AutoScalingFormulaEvaluationError");
    assert.ok(wrong.results.startsWith("$TargetDedicatedNodes=1;"), wrong.results);
    await refused(() => client.pool.enableAutoScale("p1", { autoScaleFormula: "$TargetDedicatedNodes=1 2" }), "AutoScalingFormulaSyntaxError", 400);
    await refused(() => client.pool.enableAutoScale("p1", { autoScaleEvaluationInterval: "PT1M" }), undefined, 400);
    const run = (await client.pool.get("p1")).autoScaleRun;
    assert.ok(run.results.startsWith("$TargetDedicatedNodes=1;"), JSON.stringify(run));
    await client.pool.disableAutoScale("p1");
    assert.strictEqual((await client.pool.get("p1")).enableAutoScale, false);
  });
}

async function jobsAndTasks() {
  await step("job: add, get, list, patch, 409", async () => {
    await client.job.add({ id: "j1", poolInfo: { poolId: "p1" }, usesTaskDependencies: true, metadata: [{ name: "k", value: "v" }] });
    await refused(() => client.job.add({ id: "J1", poolInfo: { poolId: "p1" } }), "JobExists", 409);
    const job = await client.job.get("j1");
    assert.strictEqual(job.state, "active");
    assert.strictEqual(job.onAllTasksComplete, "noaction");
    assert.strictEqual(job.priority, 0);
    await client.job.patch("j1", { priority: 5 });
    assert.strictEqual((await client.job.get("j1")).priority, 5);
    assert.ok((await client.job.list()).some((j) => j.id === "j1"));
  });
  await step("task: runs, with its output and environment", async () => {
    await client.task.add("j1", {
      id: "t1",
      commandLine: "/bin/bash -c \"echo $AZ_BATCH_TASK_ID $GREETING; echo oops >&2; pwd; exit 3\"",
      environmentSettings: [{ name: "GREETING", value: "hello world" }],
    });
    const task = await completed("j1", "t1");
    assert.strictEqual(task.executionInfo.exitCode, 3);
    assert.strictEqual(task.executionInfo.result, "failure");
    assert.strictEqual(task.executionInfo.failureInfo.code, "FailureExitCode");
    assert.strictEqual(task.executionInfo.failureInfo.category.toLowerCase(), "usererror");
    const out = await text(await client.file.getFromTask("j1", "t1", "stdout.txt"));
    assert.ok(out.startsWith("t1 hello world\n"), out);
    assert.ok(/workitems\/j1\/job-1\/t1\/wd\n$/.test(out), out);
    assert.strictEqual(await text(await client.file.getFromTask("j1", "t1", "stderr.txt")), "oops\n");
    assert.ok(task.nodeInfo.nodeId && task.nodeInfo.poolId === "p1");
  });
  await step("task: retries, then a success after a wait for it", async () => {
    await client.task.add("j1", { id: "again", commandLine: "/bin/sh -c 'test -e ../tried && exit 0; touch ../tried; exit 1'", constraints: { maxTaskRetryCount: 3 } });
    const task = await completed("j1", "again");
    assert.strictEqual(task.executionInfo.exitCode, 0);
    assert.strictEqual(task.executionInfo.retryCount, 1);
    assert.strictEqual(task.executionInfo.requeueCount, 0);
  });
  await step("task: what cannot be started says so", async () => {
    await client.task.add("j1", { id: "nothing", commandLine: "no-such-program --x" });
    const task = await completed("j1", "nothing");
    assert.strictEqual(task.executionInfo.failureInfo.code, "CommandProgramNotFound");
    assert.strictEqual(task.executionInfo.exitCode, undefined);
  });
  await step("task: a limit of its time ends it", async () => {
    await client.task.add("j1", { id: "slow", commandLine: "sleep 60", constraints: { maxWallClockTime: "PT1S" } });
    const task = await completed("j1", "slow", 20);
    assert.strictEqual(task.executionInfo.result, "failure");
  });
  await step("files: range, properties, recursive list, delete, 404", async () => {
    const part = await text(await client.file.getFromTask("j1", "t1", "stdout.txt", { fileGetFromTaskOptions: { ocpRange: "bytes=0-1" } }));
    assert.strictEqual(part, "t1");
    const facts = await client.file.getPropertiesFromTask("j1", "t1", "stdout.txt");
    assert.strictEqual(facts.ocpBatchFileIsdirectory, false);
    assert.ok(facts.contentLength > 10);
    const names = (await client.file.listFromTask("j1", "t1", { recursive: true })).map((f) => f.name);
    assert.ok(names.includes("stdout.txt") && names.includes("wd"), names.join());
    await client.file.deleteFromTask("j1", "t1", "stderr.txt");
    await refused(() => client.file.getFromTask("j1", "t1", "stderr.txt"), undefined, 404); // a stream: this client reads no code of it
    const [node] = await client.computeNode.list("p1");
    const onNode = (await client.file.listFromComputeNode("p1", node.id, { recursive: true })).map((f) => f.name);
    assert.ok(onNode.some((n) => n.endsWith("j1/job-1/t1/stdout.txt")), onNode.join());
    await refused(() => client.file.getFromTask("j1", "t1", "../../../../../../etc/passwd"), undefined, 404);
  });
  await step("tasks: a hundred at once, a duplicate, pages", async () => {
    const tasks = Array.from({ length: 100 }, (_, i) => ({ id: `c${i}`, commandLine: "/bin/true" }));
    const added = await client.task.addCollection("j1", tasks);
    assert.deepStrictEqual([...new Set(added.value.map((r) => r.status.toLowerCase()))], ["success"]);
    const again = await client.task.addCollection("j1", [tasks[0], { id: "new", commandLine: "/bin/true" }]);
    const byId = Object.fromEntries(again.value.map((r) => [r.taskId, r]));
    assert.strictEqual(byId.c0.error.code, "TaskExists");
    assert.strictEqual(byId.c0.status.toLowerCase(), "clienterror");
    assert.strictEqual(byId.new.status.toLowerCase(), "success");
    await until("all to complete", 60, async () => {
      const counts = await client.job.getTaskCounts("j1");
      return counts.taskCounts.active + counts.taskCounts.running === 0;
    });
    let page = await client.task.list("j1", { taskListOptions: { maxResults: 40, select: "id" } });
    const ids = page.map((t) => t.id);
    while (page.odatanextLink) {
      page = await client.task.listNext(page.odatanextLink);
      ids.push(...page.map((t) => t.id));
    }
    assert.strictEqual(new Set(ids).size, ids.length);
    assert.strictEqual(ids.length, 105, ids.length);
    const failed = await client.task.list("j1", { taskListOptions: { filter: "executionInfo/result\teq 'failure'", select: "id, executionInfo" } });
    assert.deepStrictEqual(failed.map((t) => t.id).sort(), ["nothing", "slow", "t1"]);
    await refused(() => client.task.list("j1", { taskListOptions: { filter: "nonsense eq 'x'" } }), "InvalidQueryParameterValue", 400);
  });
  await step("dependencies: satisfied, blocked, ranges that wait for ids to come", async () => {
    await client.task.add("j1", { id: "after", commandLine: "/bin/true", dependsOn: { taskIds: ["1"], taskIdRanges: [{ start: 1, end: 2 }] } });
    await client.task.add("j1", { id: "1", commandLine: "/bin/true" });
    await completed("j1", "1");
    assert.strictEqual((await client.task.get("j1", "after")).state, "active");
    await client.task.add("j1", { id: "2", commandLine: "/bin/false", exitConditions: { default: { dependencyAction: "satisfy" } } });
    await completed("j1", "after");
    await client.task.add("j1", { id: "bad", commandLine: "/bin/false" });
    await client.task.add("j1", { id: "blocked", commandLine: "/bin/true", dependsOn: { taskIds: ["bad"] } });
    await completed("j1", "bad");
    assert.strictEqual((await client.task.get("j1", "blocked")).state, "active");
    await client.task.deleteMethod("j1", "blocked");
  });
  await step("task: terminate and reactivate", async () => {
    await client.task.add("j1", { id: "long", commandLine: "sleep 100" });
    await until("running", 20, async () => (await client.task.get("j1", "long")).state === "running");
    await client.task.terminate("j1", "long");
    assert.strictEqual((await completed("j1", "long")).executionInfo.failureInfo.code, "TaskEnded");
    await refused(() => client.task.reactivate("j1", "1"), "TaskSucceeded", 409);
    await client.task.reactivate("j1", "bad");
    await completed("j1", "bad");
  });
  await step("job: onTaskFailure terminates it, onAllTasksComplete ends it", async () => {
    await client.job.add({ id: "j2", poolInfo: { poolId: "p1" }, onTaskFailure: "performexitoptionsjobaction" });
    await client.task.add("j2", { id: "x", commandLine: "/bin/sh -c 'exit 7'", exitConditions: { exitCodes: [{ code: 7, exitOptions: { jobAction: "terminate" } }] } });
    const ended = await until("j2 completed", 20, async () => {
      const job = await client.job.get("j2");
      return job.state === "completed" && job;
    });
    assert.strictEqual(ended.executionInfo.terminateReason, "TaskFailed");
    await refused(() => client.task.add("j2", { id: "late", commandLine: "true" }), "JobCompleted", 409);
    await client.job.add({ id: "j3", poolInfo: { poolId: "p1" } });
    await client.task.add("j3", { id: "x", commandLine: "/bin/true" });
    await completed("j3", "x");
    await client.job.patch("j3", { onAllTasksComplete: "terminatejob" });
    const j3 = await until("j3 completed", 10, async () => {
      const job = await client.job.get("j3");
      return job.state === "completed" && job;
    });
    assert.strictEqual(j3.executionInfo.terminateReason, "AllTasksComplete");
  });
  await step("job: preparation before its first task, release after its end", async () => {
    await client.job.add({
      id: "j4", poolInfo: { poolId: "p1" },
      jobPreparationTask: { commandLine: "/bin/sh -c 'echo ready > $AZ_BATCH_JOB_PREP_WORKING_DIR/ready'" },
      jobReleaseTask: { commandLine: "/bin/sh -c 'echo over > $AZ_BATCH_NODE_SHARED_DIR/released'" },
    });
    await client.task.add("j4", { id: "t", commandLine: "/bin/sh -c 'cat $AZ_BATCH_JOB_PREP_WORKING_DIR/ready'" });
    await completed("j4", "t");
    assert.strictEqual(await text(await client.file.getFromTask("j4", "t", "stdout.txt")), "ready\n");
    const status = await client.job.listPreparationAndReleaseTaskStatus("j4");
    assert.strictEqual(status[0].jobPreparationTaskExecutionInfo.result, "success");
    await client.job.terminate("j4");
    await until("released", 20, async () => {
      const [one] = await client.job.listPreparationAndReleaseTaskStatus("j4");
      return one.jobReleaseTaskExecutionInfo && one.jobReleaseTaskExecutionInfo.state === "completed";
    });
  });
  await step("job: disable with requeue, enable, terminate, delete", async () => {
    await client.job.add({ id: "j5", poolInfo: { poolId: "p1" } });
    await client.task.add("j5", { id: "s", commandLine: "sleep 1.5" });
    await until("running", 20, async () => (await client.task.get("j5", "s")).state === "running");
    await client.job.disable("j5", "requeue");
    await until("disabled", 20, async () => (await client.job.get("j5")).state === "disabled");
    assert.strictEqual((await client.task.get("j5", "s")).state, "active");
    await client.job.enable("j5");
    const task = await completed("j5", "s");
    assert.strictEqual(task.executionInfo.requeueCount, 1);
    assert.strictEqual(task.executionInfo.retryCount, 0);
    await client.job.terminate("j5");
    await until("completed", 20, async () => (await client.job.get("j5")).state === "completed");
    await client.job.deleteMethod("j5");
    await until("gone", 20, async () => client.job.get("j5").then(() => false, (e) => e.code === "JobNotFound"));
  });
}

async function manager() {
  await step("job manager: adds tasks with its token, and may touch no other job; its end ends the job", async () => {
    const program = [
      "import json,os,urllib.request as u",
      "base=os.environ['AZ_BATCH_ACCOUNT_URL'].rstrip('/')",
      "def call(path,body=None):",
      "  r=u.Request(base+path+'?api-version=2018-08-01.7.0',data=json.dumps(body).encode() if body else None,headers={'Authorization':'Bearer '+os.environ['AZ_BATCH_AUTHENTICATION_TOKEN'],'Content-Type':'application/json; odata=minimalmetadata'})",
      "  try:",
      "    return u.urlopen(r).status",
      "  except Exception as e:",
      "    return getattr(e,'code',str(e))",
      "print(call('/jobs/jm/tasks',{'id':'child','commandLine':'/bin/true'}),call('/jobs/jm'),call('/jobs/j1'),call('/pools'))",
      "import time",
      "time.sleep(1.5)",
    ].join("\n");
    await client.job.add({
      id: "jm", poolInfo: { poolId: "p1" },
      jobManagerTask: {
        id: "boss", commandLine: `/usr/bin/python3 -c "${program.replace(/"/g, '\\"')}"`,
        authenticationTokenSettings: { access: ["job"] }, killJobOnCompletion: true, runExclusive: false,
      },
    });
    const job = await until("jm completed", 30, async () => {
      const got = await client.job.get("jm");
      return got.state === "completed" && got;
    });
    assert.strictEqual(job.executionInfo.terminateReason, "JMComplete");
    const out = await text(await client.file.getFromTask("jm", "boss", "stdout.txt"));
    assert.strictEqual(out, "201 200 403 403\n");
    assert.strictEqual((await client.task.get("jm", "child")).executionInfo.result, "success");
  });
}

async function nodes() {
  await step("node: disable scheduling drains with requeue, enable, reboot", async () => {
    const [node] = await client.computeNode.list("p1");
    await client.job.add({ id: "jn", poolInfo: { poolId: "p1" } });
    await client.task.add("jn", { id: "s", commandLine: "sleep 2" });
    await until("running", 20, async () => (await client.task.get("jn", "s")).state === "running");
    await client.computeNode.disableScheduling("p1", node.id, { computeNodeDisableSchedulingOptions: {}, nodeDisableSchedulingOption: "requeue" });
    await until("active again", 20, async () => (await client.task.get("jn", "s")).state === "active");
    await until("offline", 20, async () => (await client.computeNode.get("p1", node.id)).state === "offline");
    await refused(() => client.computeNode.disableScheduling("p1", node.id), "NodeAlreadyInTargetSchedulingState", 409);
    await client.computeNode.enableScheduling("p1", node.id);
    const task = await completed("jn", "s");
    assert.strictEqual(task.executionInfo.requeueCount, 1);
    await client.computeNode.reboot("p1", node.id);
    await idleNodes("p1", 1);
    await refused(() => client.computeNode.get("p1", "nobody"), "NodeNotFound", 404);
  });
}

async function versions() {
  await step("versions: an unknown one is refused, several shapes of counts are served", async () => {
    const http = require("http");
    const get = (path) => new Promise((resolve, reject) => http.get(account.batchUrl.replace(/\/$/, "") + path, (r) => { let b = ""; r.on("data", (d) => (b += d)); r.on("end", () => resolve([r.statusCode, b])); }).on("error", reject));
    const [status] = await get("/pools?api-version=2022-10-01.16.0");
    assert.ok(status === 401 || status === 403, `unsigned: ${status}`);
    const odd = new BatchServiceClient(new BatchSharedKeyCredentials(account.accountName, account.accountKey), account.batchUrl);
    odd.apiVersion = "1999-01-01.1.0";
    odd.pool.client.apiVersion = "1999-01-01.1.0";
    await refused(() => odd.pool.list(), "UnsupportedRequestVersion", 400);
    const wrong = new BatchServiceClient(new BatchSharedKeyCredentials(account.accountName, Buffer.from("wrong").toString("base64")), account.batchUrl);
    await refused(() => wrong.pool.list(), "AuthenticationFailed", 403);
  });
}

(async () => {
  await pools();
  await jobsAndTasks();
  await manager();
  await nodes();
  await versions();
  await step("clean: job and pool go", async () => {
    for (const id of ["j1", "j2", "j3", "j4", "jm", "jn"]) await client.job.deleteMethod(id);
    await client.pool.deleteMethod("p1");
    await until("pool gone", 30, async () => !(await client.pool.exists("p1")).body);
  });
  done();
})();

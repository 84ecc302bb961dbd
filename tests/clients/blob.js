// Unmodified @azure/storage-blob 12 against the server whose account SCORIA_TEST_ACCOUNT holds.
"use strict";
const assert = require("assert");
const crypto = require("crypto");
const blobs = require("@azure/storage-blob");
const { account, step, refused, done } = require("./check");

const key = new blobs.StorageSharedKeyCredential(account.accountName, account.accountKey);
const service = new blobs.BlobServiceClient(account.blobUrl, key);

async function download(blob, ...range) {
  const response = await blob.download(...range);
  const parts = [];
  for await (const part of response.readableStreamBody) parts.push(Buffer.from(part));
  return [Buffer.concat(parts), response];
}

(async () => {
  const c = service.getContainerClient("js-test");
  await step("container: create, exists, metadata, 409", async () => {
    await c.create({ metadata: { a: "1" } });
    await refused(() => c.create(), "ContainerAlreadyExists", 409);
    assert.strictEqual(await c.exists(), true);
    assert.strictEqual(await service.getContainerClient("nothing").exists(), false);
    await c.setMetadata({ b: "2" });
    assert.deepStrictEqual((await c.getProperties()).metadata, { b: "2" });
    const names = [];
    for await (const one of service.listContainers({ prefix: "js-" })) names.push(one.name);
    assert.deepStrictEqual(names, ["js-test"]);
  });
  await step("blob: put, get, range, properties, metadata, headers", async () => {
    const b = c.getBlockBlobClient("dir/a b+c%.txt");
    const made = await b.upload("hello world", 11, { blobHTTPHeaders: { blobContentType: "text/x" }, metadata: { who: "me" } });
    assert.ok(made.etag && made.lastModified && made.contentMD5);
    const [all, response] = await download(b);
    assert.strictEqual(all.toString(), "hello world");
    assert.strictEqual(response.contentType, "text/x");
    assert.deepStrictEqual(response.metadata, { who: "me" });
    const [part] = await download(b, 6, 3);
    assert.strictEqual(part.toString(), "wor");
    await b.setMetadata({ x: "y" });
    await b.setHTTPHeaders({ blobContentType: "text/z", blobCacheControl: "none" });
    const facts = await b.getProperties();
    assert.strictEqual(facts.contentType, "text/z");
    assert.deepStrictEqual(facts.metadata, { x: "y" });
    assert.strictEqual(facts.contentLength, 11);
    await refused(() => c.getBlobClient("no").getProperties(), undefined, 404);
    await refused(() => c.getBlobClient("no").download(), "BlobNotFound", 404);
  });
  await step("blob: conditions", async () => {
    const b = c.getBlockBlobClient("cond");
    const { etag } = await b.upload("1", 1);
    await refused(() => b.upload("2", 1, { conditions: { ifNoneMatch: "*" } }), "BlobAlreadyExists", 409);
    await refused(() => b.upload("2", 1, { conditions: { ifMatch: '"0x0"' } }), "ConditionNotMet", 412);
    await b.upload("2", 1, { conditions: { ifMatch: etag } });
    const { etag: now } = await b.getProperties();
    await refused(() => b.download(0, undefined, { conditions: { ifNoneMatch: now } }), undefined, 304);
  });
  await step("blob: 300 MB in staged blocks come back the same", async () => {
    const b = c.getBlockBlobClient("big");
    const size = 300 * 1024 * 1024;
    const data = Buffer.alloc(size);
    crypto.randomFillSync(data, 0, 1 << 20);
    for (let at = 1 << 20; at < size; at += 1 << 20) data.writeUInt32LE(at, at);
    await b.uploadData(data, { blockSize: 32 << 20, concurrency: 4 });
    const back = await b.downloadToBuffer();
    assert.strictEqual(Buffer.compare(back, data), 0);
    const list = await b.getBlockList("committed");
    assert.strictEqual(list.committedBlocks.length, Math.ceil(size / (32 << 20)));
    await b.delete();
  });
  await step("blob: append", async () => {
    const b = c.getAppendBlobClient("log");
    await b.create();
    await b.appendBlock("one\n", 4);
    const second = await b.appendBlock("two\n", 4);
    assert.strictEqual(second.blobAppendOffset, "4");
    assert.strictEqual((await download(b))[0].toString(), "one\ntwo\n");
  });
  await step("list: flat, with metadata, by hierarchy, in pages", async () => {
    for (const name of ["h/1", "h/2", "h/sub/3", "h/sub/4", "i"]) await c.getBlockBlobClient(name).upload(name, name.length, { metadata: { n: "v" } });
    const flat = [];
    for await (const b of c.listBlobsFlat({ prefix: "h/", includeMetadata: true })) flat.push([b.name, b.metadata.n]);
    assert.deepStrictEqual(flat, [["h/1", "v"], ["h/2", "v"], ["h/sub/3", "v"], ["h/sub/4", "v"]]);
    const tree = [];
    for await (const item of c.listBlobsByHierarchy("/", { prefix: "h/" })) tree.push(item.name);
    assert.deepStrictEqual(tree.sort(), ["h/1", "h/2", "h/sub/"]);
    let pages = 0;
    for await (const page of c.listBlobsFlat({ prefix: "h/" }).byPage({ maxPageSize: 3 })) {
      pages += 1;
      assert.ok(page.segment.blobItems.length <= 3);
    }
    assert.strictEqual(pages, 2);
  });
  await step("copy: from our own account", async () => {
    const from = c.getBlockBlobClient("h/1");
    const sas = await from.generateSasUrl({ permissions: blobs.BlobSASPermissions.parse("r"), expiresOn: new Date(Date.now() + 3600e3) });
    const to = c.getBlockBlobClient("copied");
    await to.syncCopyFromURL(sas);
    assert.strictEqual((await download(to))[0].toString(), "h/1");
    const poller = await c.getBlobClient("copied2").beginCopyFromURL(from.url);
    await poller.pollUntilDone();
    assert.strictEqual((await download(c.getBlobClient("copied2")))[0].toString(), "h/1");
  });
  await step("copy: whole blobs, blocks and appends from a URL", async () => {
    const from = c.getBlockBlobClient("h/sub/3");
    const sas = await from.generateSasUrl({ permissions: blobs.BlobSASPermissions.parse("r"), expiresOn: new Date(Date.now() + 3600e3) });
    const whole = c.getBlockBlobClient("whole");
    assert.ok((await whole.syncUploadFromURL(sas)).etag);
    assert.strictEqual((await download(whole))[0].toString(), "h/sub/3");
    const pieces = c.getBlockBlobClient("pieces");
    await pieces.stageBlockFromURL("AAAA", sas, 0, 2);
    await pieces.stageBlockFromURL("AAAB", sas, 5);
    await pieces.commitBlockList(["AAAB", "AAAA"]);
    assert.strictEqual((await download(pieces))[0].toString(), "/3h/");
    const log = c.getAppendBlobClient("log-of-url");
    await log.create();
    await log.appendBlockFromURL(sas, 2, 3);
    assert.strictEqual((await download(log))[0].toString(), "sub");
    await refused(() => whole.setMetadata({ "a-b": "1" }), "InvalidMetadata", 400);
  });
  await step("SAS: container, account, expired, missing permission", async () => {
    const url = await c.generateSasUrl({ permissions: blobs.ContainerSASPermissions.parse("rl"), expiresOn: new Date(Date.now() + 3600e3) });
    const reader = new blobs.ContainerClient(url);
    assert.strictEqual((await download(reader.getBlobClient("i")))[0].toString(), "i");
    let count = 0;
    for await (const _ of reader.listBlobsFlat()) count += 1;
    assert.ok(count > 5);
    await refused(() => reader.getBlockBlobClient("w").upload("x", 1), "AuthorizationPermissionMismatch", 403);
    const old = await c.generateSasUrl({ permissions: blobs.ContainerSASPermissions.parse("r"), startsOn: new Date(Date.now() - 7200e3), expiresOn: new Date(Date.now() - 3600e3) });
    await refused(() => new blobs.ContainerClient(old).getBlobClient("i").download(), "AuthenticationFailed", 403);
    const whole = service.generateAccountSasUrl(new Date(Date.now() + 3600e3), blobs.AccountSASPermissions.parse("rwl"), "sco");
    const other = new blobs.BlobServiceClient(whole);
    await other.getContainerClient("js-test").getBlockBlobClient("by-account").upload("z", 1);
    for (const version of ["2016-05-31", "2018-11-09", "2020-12-06"]) {
      const token = blobs.generateBlobSASQueryParameters({ containerName: "js-test", permissions: blobs.ContainerSASPermissions.parse("r"), expiresOn: new Date(Date.now() + 3600e3), version }, key).toString();
      assert.strictEqual((await download(new blobs.BlobClient(`${c.getBlobClient("i").url}?${token}`)))[0].toString(), "i", version);
    }
    const bad = new blobs.BlobServiceClient(account.blobUrl, new blobs.StorageSharedKeyCredential(account.accountName, Buffer.from("no").toString("base64")));
    await refused(() => bad.getContainerClient("js-test").getProperties(), undefined, 403);
  });
  await step("names: dots stay names", async () => {
    const b = c.getBlockBlobClient("..%2f..%2fescape");
    await b.upload("x", 1);
    const names = [];
    for await (const one of c.listBlobsFlat({ prefix: ".." })) names.push(one.name);
    assert.strictEqual(names.length, 1, names.join());
  });
  await step("delete: blob and container", async () => {
    await c.getBlobClient("i").delete();
    await refused(() => c.getBlobClient("i").download(), "BlobNotFound", 404);
    await c.delete();
    assert.strictEqual(await c.exists(), false);
  });
  done();
})();

// npm's @aws-sdk/client-sagemaker-runtime, told our address as its endpoint; and the paths of SageMaker's and MLflow's containers.
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { assert, csv, done, expected, rows, secureUrl, step, url } from './served.mjs';

const client = (endpoint) => new SageMakerRuntimeClient({
  endpoint, region: 'eu-west-1', maxAttempts: 1, credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not a secret' } });
const invoke = (endpoint, input) => client(endpoint).send(new InvokeEndpointCommand({ EndpointName: 'forest', ContentType: 'text/csv', ...input }));
const predictions = (reply) => JSON.parse(Buffer.from(reply.Body).toString()).predictions;

await step('InvokeEndpoint scores CSV and JSON; its signature is not looked at on loopback', async () => {
  const reply = await invoke(url, { Body: csv('rows.csv'), Accept: 'application/json', CustomAttributes: 'trace=1', TargetModel: 'model' });
  assert.equal(reply.ContentType, 'application/json');
  assert.deepEqual(predictions(reply), expected('forest'));
  const json = JSON.stringify({ instances: rows });
  assert.deepEqual(predictions(await invoke(url, { Body: json, ContentType: 'application/json' })), expected('forest'));
});

await step('InvokeEndpoint of another model by its name', async () => {
  const got = predictions(await invoke(url, { EndpointName: 'linear', Body: csv('rows.csv') }));
  expected('linear').forEach((value, i) => assert.ok(Math.abs(got[i] - value) <= 1e-12 * Math.abs(value), `${got[i]} ${value}`));
});

await step("the SDK's errors say what is wrong", async () => {
  await assert.rejects(invoke(url, { EndpointName: 'nobody', Body: 'a\n1\n' }), (error) => {
    assert.equal(error.$metadata.httpStatusCode, 404);
    assert.match(error.message, /there is no service 'nobody'/);
    return true;
  });
  await assert.rejects(invoke(url, { Body: 'age\n1\n' }), (error) => {
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.match(error.message, /column 'area' is missing/);
    return true;
  });
});

await step('where users are, its signature is refused with what is taken', async () => {
  await assert.rejects(invoke(secureUrl, { Body: csv('rows.csv') }), (error) => {
    assert.equal(error.$metadata.httpStatusCode, 401);
    assert.match(error.message, /'Authorization: Bearer' with a token or a key/);
    return true;
  });
});

await step('containers say that they live, and of which version they are', async () => {
  for (const path of ['/ping', '/health', '/version']) {
    const reply = await fetch(url + path);
    assert.equal(reply.status, 200, path);
    assert.match(await reply.text(), path === '/version' ? /^\d+\.\d+\.\d+/ : /^\n$/, path);
  }
  for (const path of ['/ping', '/health']) assert.equal((await fetch(secureUrl + path)).status, 200, path);
  assert.equal((await fetch(`${secureUrl}/version`)).status, 401);
});

done();

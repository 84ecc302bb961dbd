// npm's @apidevtools/swagger-parser on our documents, and swagger-client, which logs in and scores by Swagger 2 alone.
import SwaggerParser from '@apidevtools/swagger-parser';
import SwaggerClient from 'swagger-client';
import { assert, columns, done, expected, rows, secureUrl, step, url, user } from './served.mjs';

const basic = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
const document = async (address) => (await fetch(address, { headers: { Authorization: basic } })).json();

for (const server of [url, secureUrl]) {
  for (const path of ['/openapi.json', '/api/forest/1/swagger.json', '/api/linear/1/swagger.json']) {
    await step(`swagger-parser takes ${server.split(':')[0]} ${path}`, async () => {
      const api = await SwaggerParser.validate(await document(server + path));
      assert.equal(api.openapi ?? api.swagger, path === '/openapi.json' ? '3.0.3' : '2.0');
    });
  }
}

// One member for each input, and data frames.
const scores = async (client, service) => {
  const told = await client.apis.default.score({ WebServiceParameters: columns });
  assert.equal(told.status, 200);
  assert.equal(told.body.success, true);
  assert.deepEqual(told.body.outputParameters.answer, expected(service));
  const one = await client.apis.default.score({ WebServiceParameters: rows[0] });
  assert.deepEqual(one.body.outputParameters.answer, expected(service).slice(0, 1));
};

await step('swagger-client scores without a login', async () => scores(await SwaggerClient(`${url}/api/forest/1/swagger.json`), 'forest'));

await step('swagger-client logs in, scores, renews and ends the login', async () => {
  const spec = await document(`${secureUrl}/api/forest/1/swagger.json`);
  const address = `${secureUrl}/api/forest/1/swagger.json`;
  const stranger = await SwaggerClient({ url: address, spec });
  await assert.rejects(stranger.apis.default.score({ WebServiceParameters: columns }), (error) => error.status === 401);
  await assert.rejects(stranger.apis.default.login({ loginRequest: { username: user.username, password: 'wrong' } }), (error) => error.status === 401);
  const login = (await stranger.apis.default.login({ loginRequest: user })).body;
  assert.equal(login.token_type, 'Bearer');
  const by = (token) => SwaggerClient({ url: address, spec, authorizations: { Bearer: `Bearer ${token}` } });
  await scores(await by(login.access_token), 'forest');
  const renewed = (await stranger.apis.default.renewToken({ renewTokenRequest: { refreshToken: login.refresh_token } })).body;
  await scores(await by(renewed.access_token), 'forest');
  await assert.rejects((await by(login.access_token)).apis.default.score({ WebServiceParameters: columns }), (error) => error.status === 401);
  await stranger.apis.default.revokeRefreshToken({ refreshToken: renewed.refresh_token });
  await assert.rejects((await by(renewed.access_token)).apis.default.score({ WebServiceParameters: columns }), (error) => error.status === 401);
});

await step('swagger-client sees what is wrong with a row', async () => {
  const client = await SwaggerClient(`${url}/api/forest/1/swagger.json`);
  const { heating, ...rest } = rows[0];
  await assert.rejects(client.apis.default.score({ WebServiceParameters: rest }), (error) => {
    assert.equal(error.status, 400);
    assert.match(error.response.body.errorMessage, /'heating' is missing/);
    assert.equal(error.response.body.success, false);
    return true;
  });
});

done();

// An identity provider (npm oidc-provider) whose client "shop" gets tokens by its secret, and "desk" for a person who logs in, by an authorization code
// with PKCE: JWTs for the audience "scoria", signed by ES256 or RS256 as the resource asks. Prints its issuer, then serves until it is killed.
import http from 'node:http';
import Provider from 'oidc-provider';
import * as jose from 'jose';

const keys = [];
for (const alg of ['ES256', 'RS256']) {
  const { privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  keys.push({ ...(await jose.exportJWK(privateKey)), alg, use: 'sig', kid: `idp-${alg}` });
}
const server = http.createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const resource = (name, alg) => ({ audience: name, scope: 'score publish', accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg } } });
  const provider = new Provider(issuer, {
    clients: [
      ...['shop', 'stranger'].map((client_id) => ({
        client_id, client_secret: 'secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
        id_token_signed_response_alg: 'ES256' })),
      { client_id: 'desk', token_endpoint_auth_method: 'none', application_type: 'native', grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['http://127.0.0.1/callback'], response_types: ['code'], id_token_signed_response_alg: 'ES256' },
    ],
    pkce: { required: () => true },
    findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    jwks: { keys },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (context, name) => resource(name === 'urn:other' ? 'other' : 'scoria', name === 'urn:rs256' ? 'RS256' : 'ES256'),
      },
    },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});

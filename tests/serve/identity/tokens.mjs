// npm jose as the other side of our tokens: `verify JWKS_URL TOKEN` says what a token of ours holds, by our published keys.
import * as jose from 'jose';

const [, , command, url, token] = process.argv;
if (command !== 'verify') throw new Error('verify JWKS_URL TOKEN');
const { payload, protectedHeader } = await jose.jwtVerify(token, jose.createRemoteJWKSet(new URL(url)),
  { issuer: 'scoria', audience: 'scoria', algorithms: ['ES256', 'RS256'] });
console.log(JSON.stringify({ alg: protectedHeader.alg, ...payload }));

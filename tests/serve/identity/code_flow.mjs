// A person's program: `code_flow.mjs ISSUER USER RESOURCE` logs the user in at the provider's own pages as a browser would, takes the
// code that the redirect brings, and prints what the token endpoint gives for it, with what that says of a wrong verifier and of the code's second use.
import crypto from 'node:crypto';

const [, , issuer, user, resource] = process.argv;
const discovered = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
const verifier = crypto.randomBytes(32).toString('base64url');
const state = crypto.randomBytes(8).toString('hex');
const redirect = 'http://127.0.0.1:1/callback'; // nobody listens there: the browser stops at it
const jar = new Map();

// One step of the browser: cookies go and come, redirects are followed until they leave the provider.
async function browse(address, form) {
  for (let hops = 0; hops < 10; hops += 1) {
    const reply = await fetch(address, {
      method: form ? 'POST' : 'GET', redirect: 'manual', body: form && new URLSearchParams(form),
      headers: { Cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') } });
    for (const cookie of reply.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      if (value) jar.set(name, value); else jar.delete(name);
    }
    const next = reply.headers.get('location');
    if (!next) return { address, page: await reply.text() };
    form = undefined;
    address = new URL(next, address).href;
    if (!address.startsWith(issuer)) return { address, page: '' };
  }
  throw new Error('redirects without an end');
}

const query = new URLSearchParams({
  client_id: 'desk', response_type: 'code', scope: 'openid score', redirect_uri: redirect, resource, state, code_challenge_method: 'S256',
  code_challenge: crypto.createHash('sha256').update(verifier).digest('base64url') });
let at = await browse(`${discovered.authorization_endpoint}?${query}`);
for (let pages = 0; at.address.startsWith(issuer); pages += 1) {
  if (pages > 3) throw new Error(`no way out of ${at.address}: ${at.page.slice(0, 400)}`);
  const [, action] = /<form[^>]* action="([^"]+)"/.exec(at.page) ?? [];
  const [, prompt] = /name="prompt" value="([^"]+)"/.exec(at.page) ?? [];
  if (!action) throw new Error(`no form at ${at.address}: ${at.page.slice(0, 400)}`);
  at = await browse(new URL(action, at.address).href, prompt === 'login' ? { prompt, login: user, password: 'any' } : { prompt });
}
const brought = new URL(at.address).searchParams;
if (brought.get('state') !== state || !brought.get('code')) throw new Error(`not brought back with a code: ${at.address}`);

async function redeem(word) {
  const reply = await fetch(discovered.token_endpoint, { method: 'POST', body: new URLSearchParams({
    grant_type: 'authorization_code', client_id: 'desk', code: brought.get('code'), redirect_uri: redirect, code_verifier: word, resource }) });
  return { status: reply.status, ...await reply.json() };
}
const good = await redeem(verifier);
console.log(JSON.stringify({ ...good, again: (await redeem(verifier)).error }));

// Apollo's link for automatic persisted queries, against a server that has not seen the query, and then
// against one that has. Needs API_URL.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { ApolloLink, execute, gql, HttpLink } from '@apollo/client/core/index.js';
import { createPersistedQueryLink } from '@apollo/client/link/persisted-queries/index.js';

const { API_URL } = process.env;
assert.ok(API_URL, 'set API_URL');

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** A link that notes what it sends, as "METHOD", "METHOD hash", "METHOD text" or "METHOD both". */
function noting(options) {
  const sent = [];
  const noted = (address, request) => {
    const told = request.method === 'GET' ? Object.fromEntries(new URL(address).searchParams) : JSON.parse(request.body);
    const extensions = typeof told.extensions === 'string' ? JSON.parse(told.extensions) : told.extensions;
    const hash = Boolean(extensions?.persistedQuery);
    sent.push(`${request.method} ${hash && told.query ? 'both' : hash ? 'hash' : 'text'}`);
    return fetch(address, request);
  };
  const http = new HttpLink({ uri: `${API_URL}/graphql`, fetch: noted });
  const link = ApolloLink.from([createPersistedQueryLink({ sha256, ...options }), http]);
  return { sent, ask: (query, variables) => once(execute(link, { query, variables })) };
}

function once(observable) {
  return new Promise((resolve, reject) => observable.subscribe({ next: resolve, error: reject }));
}

/** A query that no server has seen. */
const fresh = () => gql(`query Fresh${randomUUID().replaceAll('-', '')} { viewer { kind } }`);

for (const [useGETForHashedQueries, method] of [[false, 'POST'], [true, 'GET']]) {
  test(`a query is sent once and its hash from then on, by ${method}`, async () => {
    const query = fresh();
    const first = noting({ useGETForHashedQueries });
    assert.equal((await first.ask(query)).data.viewer.kind, 'ANONYMOUS');
    assert.deepEqual(first.sent, [`${method} hash`, 'POST both']);
    const another = noting({ useGETForHashedQueries });
    assert.equal((await another.ask(query)).data.viewer.kind, 'ANONYMOUS');
    assert.deepEqual(another.sent, [`${method} hash`]);
  });
}

test('a mutation goes by POST, also when queries go by GET', async () => {
  const link = noting({ useGETForHashedQueries: true });
  const mutation = gql`
    mutation SignInStaff($input: SignInStaffInput!) {
      signInStaff(input: $input) { accessToken userErrors { code } }
    }
  `;
  const input = { brand: 'nobody', email: 'nobody@example.com', password: 'a wrong password' };
  const { data } = await link.ask(mutation, { input });
  assert.equal(data.signInStaff.userErrors[0].code, 'BAD_CREDENTIALS');
  assert.ok(link.sent.every((request) => request.startsWith('POST')), link.sent.join());
});

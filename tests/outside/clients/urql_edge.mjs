// What urql's own exchange does beside POST and JSON: queries by GET, files in a multipart request.
// Needs API_URL, a member's or staff member's TOKEN, and PICTURE in Base64.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client, fetchExchange, gql } from '@urql/core';

const { API_URL, TOKEN, PICTURE } = process.env;
assert.ok(API_URL && TOKEN && PICTURE, 'set API_URL, TOKEN and PICTURE');

function noting() {
  const sent = [];
  const client = new Client({
    url: `${API_URL}/graphql`,
    exchanges: [fetchExchange],
    preferGetMethod: 'within-url-limit',
    fetchOptions: { headers: { authorization: `Bearer ${TOKEN}` } },
    fetch: (address, request) => {
      sent.push(`${request.method} ${request.body instanceof FormData ? 'multipart' : 'JSON'}`);
      return fetch(address, request);
    },
  });
  return { sent, client };
}

test('a query goes by GET', async () => {
  const { sent, client } = noting();
  const { data, error } = await client.query(gql`query Viewer { viewer { kind } }`, {});
  assert.equal(error, undefined);
  assert.equal(data.viewer.kind, 'STAFF');
  assert.deepEqual(sent, ['GET JSON']);
});

test('a picture is uploaded with its mutation', async () => {
  const { sent, client } = noting();
  const Upload = gql`
    mutation Upload($input: UploadMediaInput!) {
      uploadMedia(input: $input) { media { id kind } userErrors { code message } }
    }
  `;
  const file = new Blob([Buffer.from(PICTURE, 'base64')], { type: 'image/jpeg' });
  const { data, error } = await client.mutation(Upload, { input: { file } });
  assert.equal(error, undefined);
  assert.deepEqual(data.uploadMedia.userErrors, []);
  assert.equal(data.uploadMedia.media.kind, 'PICTURE');
  assert.deepEqual(sent, ['POST multipart']);
});

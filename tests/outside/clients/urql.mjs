// A member who uses urql. Needs API_URL, STANDIN_URL and BRAND; tests/together sets them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { Client, fetchExchange, gql } from '@urql/core';

const { API_URL, STANDIN_URL, BRAND, STANDIN_APPID = 'wx0000000000000001' } = process.env;
assert.ok(API_URL && STANDIN_URL && BRAND, 'set API_URL, STANDIN_URL and BRAND');

const SignIn = gql`
  mutation SignIn($input: SignInWithWechatInput!) {
    signInWithWechat(input: $input) {
      accessToken
      isNewMember
      userErrors { code message }
    }
  }
`;
const Viewer = gql`
  query Viewer {
    viewer { kind member { id } brand { slug } }
  }
`;
const SignInStaff = gql`
  mutation SignInStaff($input: SignInStaffInput!) {
    signInStaff(input: $input) {
      accessToken
      userErrors { __typename code message }
    }
  }
`;
const Team = gql`
  query Team {
    team(first: 1) { nodes { id } }
  }
`;

function client(token) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  return new Client({
    url: `${API_URL}/graphql`,
    exchanges: [fetchExchange],
    preferGetMethod: false,
    fetchOptions: { headers },
  });
}

/** What `wx.login` gives. */
async function loginCode(openid) {
  const answer = await fetch(`${STANDIN_URL}/_standin/login_code`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appid: STANDIN_APPID, openid }),
  });
  assert.equal(answer.status, 200);
  return (await answer.json()).code;
}

async function signedIn() {
  const code = await loginCode(`urql-${randomUUID()}`);
  const { data, error } = await client().mutation(SignIn, { input: { brand: BRAND, code } });
  assert.equal(error, undefined);
  assert.deepEqual(data.signInWithWechat.userErrors, []);
  assert.equal(data.signInWithWechat.isNewMember, true);
  return client(data.signInWithWechat.accessToken);
}

test('a member signs in and sees herself', async () => {
  const member = await signedIn();
  const { data, error } = await member.query(Viewer, {});
  assert.equal(error, undefined);
  assert.equal(data.viewer.kind, 'MEMBER');
  assert.equal(data.viewer.brand.slug, BRAND);
  assert.match(data.viewer.member.id, /^member_/);
});

test('a refusal is data, not an error', async () => {
  const input = { brand: BRAND, email: 'nobody@example.com', password: 'a wrong password' };
  const { data, error } = await client().mutation(SignInStaff, { input });
  assert.equal(error, undefined);
  assert.equal(data.signInStaff.accessToken, null);
  assert.equal(data.signInStaff.userErrors[0].code, 'BAD_CREDENTIALS');
});

test('an error has a code to act on', async () => {
  const ask = async (who) => (await who.query(Team, {})).error?.graphQLErrors[0].extensions.code;
  assert.equal(await ask(client()), 'UNAUTHENTICATED');
  assert.equal(await ask(await signedIn()), 'FORBIDDEN');
});

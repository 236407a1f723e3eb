// Watches a tally rise with one of the standard clients, named by the argument. Needs API_URL, TOKEN of the member who
// watches, OTHER_TOKEN of the one who picks, ROUND and DESIGN; the end-to-end tests set them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { wx, socketClass } from './wx.mjs';

const require = createRequire(import.meta.url);
const { API_URL, TOKEN, OTHER_TOKEN, ROUND, DESIGN } = process.env;
assert.ok(API_URL && TOKEN && OTHER_TOKEN && ROUND && DESIGN, 'set API_URL, TOKEN, OTHER_TOKEN, ROUND and DESIGN');

const TALLY = 'subscription Tally($id: ID!) { roundTally(roundId: $id) { id entries { picks } } }';
const variables = { id: ROUND };

function inTime(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} in time`)), 20_000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function pick() {
  const query = 'mutation P($input: PickDesignInput!) { pickDesign(input: $input) { entry { picks } userErrors { code } } }';
  const input = { idempotencyKey: randomUUID(), roundId: ROUND, designId: DESIGN };
  const answer = await fetch(`${API_URL}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${OTHER_TOKEN}` },
    body: JSON.stringify({ query, variables: { input } }),
  });
  assert.equal((await answer.json()).data.pickDesign.entry.picks, 1);
}

/** A graphql-ws client on a kind of socket, and the event of its end. */
function connect(webSocketImpl) {
  let closed;
  const end = new Promise((resolve) => { closed = resolve; });
  const client = createClient({
    url: `${API_URL.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl,
    lazy: true,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${TOKEN}`, acceptLanguage: 'zh-CN' },
    on: { closed },
  });
  return { client, end };
}

/** Subscribes by `begin(sink)`, which returns how to stop; sees the tally, lets it rise, and stops. */
async function watch(begin) {
  const seen = [];
  let notify = () => {};
  const until = async (picks) => {
    while (!seen.includes(picks)) await new Promise((resolve) => { notify = resolve; });
  };
  const failed = new Promise((_, reject) => {
    const next = ({ data, errors }) => {
      assert.equal(errors, undefined);
      assert.equal(data.roundTally.id, ROUND);
      seen.push(data.roundTally.entries.reduce((sum, entry) => sum + entry.picks, 0));
      notify();
    };
    watch.stop = begin({ next, error: reject });
  });
  await inTime('first tally', Promise.race([until(0), failed]));
  await pick();
  await inTime('risen tally', Promise.race([until(1), failed]));
  watch.stop();
}

const clients = {
  'graphql-ws': ({ client }) => (sink) => client.subscribe({ query: TALLY, variables }, { ...sink, complete() {} }),
  async urql({ client }) {
    const { Client, fetchExchange, subscriptionExchange } = await import('@urql/core');
    const forwardSubscription = (request) => ({
      subscribe: (sink) => ({ unsubscribe: client.subscribe({ ...request, query: request.query ?? '' }, sink) }),
    });
    const urql = new Client({
      url: `${API_URL}/graphql`,
      preferGetMethod: false,
      exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription })],
    });
    return (sink) => {
      const next = ({ data, error }) => (error ? sink.error(error) : sink.next({ data }));
      return urql.subscription(TALLY, variables).subscribe(next).unsubscribe;
    };
  },
  apollo({ client }) {
    const { ApolloClient, InMemoryCache, gql } = require('@apollo/client/core');
    const { GraphQLWsLink } = require('@apollo/client/link/subscriptions');
    const apollo = new ApolloClient({ link: new GraphQLWsLink(client), cache: new InMemoryCache() });
    return (sink) => {
      const watched = apollo.subscribe({ query: gql(TALLY), variables }).subscribe(sink);
      return () => watched.unsubscribe();
    };
  },
  wx: ({ client }) => clients['graphql-ws']({ client }),
};

const name = process.argv[2];
assert.ok(clients[name], `one of ${Object.keys(clients)}`);
// A mini-program has no WebSocket of its own.
delete globalThis.WebSocket;
const connection = connect(name === 'wx' ? socketClass(wx) : WebSocket);
await watch(await clients[name](connection));
await connection.client.dispose();
const { code } = await inTime('end', connection.end);
assert.equal(code, 1000);
console.log(`ok ${name}`);

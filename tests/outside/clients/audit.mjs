// GraphQL over HTTP, as the graphql-http suite audits it. Needs API_URL. Every audit must be "ok": a
// recommendation that is not followed counts as a failure.
import assert from 'node:assert/strict';

import { auditServer } from 'graphql-http';

const { API_URL } = process.env;
assert.ok(API_URL, 'set API_URL');

const results = await auditServer({ url: `${API_URL}/graphql` });
const missed = results.filter(({ status }) => status !== 'ok');
for (const { id, name, status, reason } of missed) {
  console.log(`${status} ${id} ${name}: ${reason}`);
}
console.log(`${results.length - missed.length} of ${results.length} audits are ok`);
process.exitCode = missed.length === 0 ? 0 : 1;

// graphql-codegen makes TypeScript of schema.graphql as it is and of the pilot's operations.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { generate } from '@graphql-codegen/cli';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;

test('types of the schema and of each operation', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'smallbatch-codegen-'));
  try {
    const file = join(folder, 'api.ts');
    const plugins = ['typescript', 'typescript-operations'];
    const documents = join(here, '../pilot/documents.graphql');
    const schema = join(here, '../../../schema.graphql');
    await generate({ schema, documents, silent: true, errorsOnly: true, generates: { [file]: { plugins } } }, true);
    const made = readFileSync(file, 'utf8');
    for (const type of ['Node', 'Round', 'Order', 'UserError', 'Money'])
      assert.match(made, new RegExp(`^export type ${type} =`, 'm'), type);
    assert.match(made, /^export type Round = Node & \{/m, 'a round is a node');
    assert.match(made, /^export type SoldOut = UserError & \{/m);
    assert.match(made, /^export (enum|type) OrderStatus/m);
    const operations = readFileSync(documents, 'utf8').matchAll(/^(query|mutation|subscription) (\w+)/gm);
    let count = 0;
    for (const [, kind, name] of operations) {
      const type = name + kind[0].toUpperCase() + kind.slice(1);
      assert.match(made, new RegExp(`^export type ${type} = `, 'm'), type);
      count += 1;
    }
    assert.ok(count > 20, `${count} operations`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// Compiles the small Relay project in relay/ against schema.graphql as it is, with no configuration but where
// things are. What is generated goes to a temporary folder.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import compiler from 'relay-compiler';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const schemaFile = join(here, '../../../schema.graphql');

/** Files that the compiler makes of `change`d sources. */
function compile(change = (folder) => folder) {
  const folder = mkdtempSync(join(tmpdir(), 'smallbatch-relay-'));
  try {
    cpSync(join(here, 'relay'), join(folder, 'src'), { recursive: true });
    cpSync(schemaFile, join(folder, 'schema.graphql'));
    change(folder);
    const config = { src: './src', schema: './schema.graphql', language: 'typescript', artifactDirectory: './made' };
    writeFileSync(join(folder, 'relay.config.json'), JSON.stringify(config));
    mkdirSync(join(folder, 'made'));
    execFileSync(compiler, ['--repersist', 'relay.config.json'], { cwd: folder, stdio: 'pipe' });
    return Object.fromEntries(
      readdirSync(join(folder, 'made')).map((name) => [name, readFileSync(join(folder, 'made', name), 'utf8')]),
    );
  } catch (error) {
    throw new Error(`${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('fragments, refetching, paging and mutations compile', () => {
  const made = compile();
  const names = Object.keys(made).map((name) => name.replace('.graphql.ts', ''));
  for (const name of ['Round_round', 'Round_entry', 'RoundRefetchQuery', 'RoundPickMutation', 'Orders_query',
    'OrdersPageQuery', 'OrdersPlaceMutation']) assert.ok(names.includes(name), `${name} among ${names}`);
  assert.match(made['RoundRefetchQuery.graphql.ts'], /node\(id: \$id\)/, 'a round refetches itself by its id');
  assert.match(made['OrdersPageQuery.graphql.ts'], /hasNextPage/, 'the connection is paged by Relay');
});

test('a field that is not there is named', () => {
  const broken = (folder) => {
    const file = join(folder, 'src/Round.js');
    writeFileSync(file, readFileSync(file, 'utf8').replace('pickedByMe', 'pickedByNobody'));
  };
  assert.throws(() => compile(broken), /pickedByNobody/);
});

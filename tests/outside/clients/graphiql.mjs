// What GraphiQL does before it shows anything. Without API_URL only the printed schema is looked at; with it the
// server is asked as GraphiQL asks and must say the same.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { buildClientSchema, buildSchema, getIntrospectionQuery, isObjectType, lexicographicSortSchema, printSchema,
  validateSchema } from 'graphql';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const printed = buildSchema(readFileSync(join(here, '../../../schema.graphql'), 'utf8'));
const sorted = (schema) => printSchema(lexicographicSortSchema(schema));

test('schema.graphql is a valid schema', () => {
  assert.deepEqual(validateSchema(printed).map(String), []);
});

test('whatever has an id and is a thing of its own is a Node', () => {
  const objects = Object.values(printed.getTypeMap()).filter((type) => isObjectType(type) && type.getFields().id);
  const bare = objects.filter((type) => String(type.getFields().id.type) === 'ID!')
    .filter((type) => !type.getInterfaces().some((face) => face.name === 'Node'))
    .filter((type) => !type.getFields().id.deprecationReason)
    .map((type) => type.name);
  assert.deepEqual(bare, []);
  assert.equal(String(printed.getQueryType().getFields().node.type), 'Node');
});

test('introspection says what schema.graphql says', { skip: !process.env.API_URL }, async () => {
  const options = { descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: false,
    inputValueDeprecation: true, oneOf: true };
  const response = await fetch(`${process.env.API_URL}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: getIntrospectionQuery(options), operationName: 'IntrospectionQuery' }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  assert.equal(sorted(buildClientSchema(data)), sorted(printed));
});

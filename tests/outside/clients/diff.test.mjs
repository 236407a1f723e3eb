// Proves diff.mjs on small schemas.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compare } from './diff.mjs';

const HEAD = 'interface Node { id: ID! } ';
const released = `${HEAD}
  type Query { a(x: Int): String b: String! old: String @deprecated(reason: "Ask a.") bare: String @deprecated node: Node u: U }
  type P implements Node { id: ID! } type Q { id: ID! } union U = P | Q
  enum E { ONE TWO GONE @deprecated(reason: "Never sent.") }
  input I { n: Int }
  type Mutation { act(input: I, e: E): String }`;

const change = (from, to) => {
  assert.ok(released.includes(from));
  return compare(released, released.replace(from, to));
};

for (const [what, from, to, name] of [
  ['a removed field', 'b: String!', '', 'FIELD_REMOVED: Query.b was removed.'],
  ['a deprecation without a reason', 'bare: String @deprecated', '', 'FIELD_REMOVED: Query.bare was removed.'],
  ['a removed argument', '(x: Int)', '', 'ARG_REMOVED: Query.a arg x was removed.'],
  ['a field that may be null now', 'b: String!', 'b: String', 'FIELD_CHANGED_KIND: Query.b changed type from String! to String.'],
  ['a field of another type', 'b: String!', 'b: Int!', 'FIELD_CHANGED_KIND: Query.b changed type from String! to Int!.'],
  ['an argument of another type', 'x: Int', 'x: String', 'ARG_CHANGED_KIND: Query.a arg x has changed type from Int to String.'],
  ['an argument that must be given', '(x: Int)', '(x: Int, y: Int!)', 'REQUIRED_ARG_ADDED: A required arg y on Query.a was added.'],
  ['an input field that must be given', 'n: Int', 'n: Int m: Int!', 'REQUIRED_INPUT_FIELD_ADDED: A required field m on input type I was added.'],
  ['a removed enum value', 'ONE TWO', 'ONE', 'VALUE_REMOVED_FROM_ENUM: TWO was removed from enum type E.'],
  ['a removed union member', 'union U = P | Q', 'union U = P', 'TYPE_REMOVED_FROM_UNION: Q was removed from union type U.'],
  ['an interface no longer implemented', 'type P implements Node', 'type P', 'IMPLEMENTED_INTERFACE_REMOVED: P no longer implements interface Node.'],
]) {
  test(`${what} breaks`, () => assert.deepEqual(change(from, to).breaking, [name]));
}

test('a removed type breaks', () => {
  const found = compare('type Query { a: Int } type T { a: Int }', 'type Query { a: Int }');
  assert.deepEqual(found.breaking, ['TYPE_REMOVED: T was removed.']);
});

test('what was deprecated with a reason may go', () => {
  assert.deepEqual(change('old: String @deprecated(reason: "Ask a.")', '').breaking, []);
  const found = change('GONE @deprecated(reason: "Never sent.")', '');
  assert.deepEqual([found.breaking, found.announced.length], [[], 1]);
});

test('a new enum value and a new implementer are dangerous and do not break', () => {
  const value = change('ONE TWO', 'ONE TWO THREE');
  assert.deepEqual([value.breaking, value.dangerous], [[], ['VALUE_ADDED_TO_ENUM: THREE was added to enum type E.']]);
  assert.equal(change('type Q {', 'type Q implements Node {').dangerous.length, 1);
});

test('an addition is neither', () => {
  const found = change('b: String!', 'b: String! c: Int');
  assert.deepEqual(found, { breaking: [], dangerous: [], announced: [], wrong: [] });
});

test('an acceptance needs a reason and a change', () => {
  const current = released.replace('b: String!', '');
  const line = 'FIELD_REMOVED: Query.b was removed.';
  assert.deepEqual(compare(released, current, `# why\n${line} # nobody asked for it\n`).breaking, []);
  assert.deepEqual(compare(released, current, line).wrong, [`without a reason: ${line}`]);
  assert.deepEqual(compare(released, released, `${line} # done`).wrong, [`stale: ${line}`]);
});

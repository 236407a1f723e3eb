// Names what a client notices when one schema takes the place of another.
//
//   node diff.mjs released.graphql current.graphql [accepted.txt]
//
// Exit 1: something breaks clients that is not accepted, or an acceptance is stale. Dangerous changes are only named.
// A line of accepted.txt is `<change> # <reason>`, the change as this program prints it.
//
// A removal breaks whoever still asks for it, so it must have been announced: a field or enum value is removed only
// when the released schema says it is deprecated. That, too, is an announced break and not one to accept.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { buildSchema, findBreakingChanges, findDangerousChanges, isEnumType,
  specifiedDirectives } from 'graphql';

const ANNOUNCEABLE = new Set(['FIELD_REMOVED', 'VALUE_REMOVED_FROM_ENUM']);
const REASON_TO_NOBODY = 'No longer supported'; // what graphql-js says when no reason is given

/** The released member that a removal speaks of, such as `Round.title was removed.` */
function removed(released, change) {
  const words = change.description.match(/[A-Za-z_]\w*/g);
  if (change.type === 'FIELD_REMOVED') {
    const [type, field] = words;
    return released.getType(type)?.getFields?.()[field];
  }
  const type = Object.values(released.getTypeMap()).find((type) => isEnumType(type) && words.includes(type.name)
    && type.getValues().some((value) => value.name === words[0]));
  return type?.getValue(words[0]);
}

function isAnnounced(released, change) {
  if (!ANNOUNCEABLE.has(change.type)) return false;
  const reason = removed(released, change)?.deprecationReason;
  return Boolean(reason) && reason !== REASON_TO_NOBODY;
}

// The specification's own directives are printed only where they are used; clients bring them along.
const isOurs = ({ type, description }) => !(type.startsWith('DIRECTIVE_')
  && specifiedDirectives.some(({ name }) => description.match(/\w+/g).includes(name)));

const said = (change) => `${change.type}: ${change.description}`;

function acceptances(text) {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line && !line.startsWith('#'));
  return lines.map((line) => {
    const [change, reason] = line.split(/\s+#\s+/);
    return { change, reason };
  });
}

/** What breaks, what is dangerous, what is announced, and which acceptances are wrong. */
export function compare(releasedText, currentText, acceptedText = '') {
  const [released, current] = [buildSchema(releasedText), buildSchema(currentText)];
  const accepted = acceptances(acceptedText);
  const all = findBreakingChanges(released, current).filter(isOurs);
  const announced = all.filter((change) => isAnnounced(released, change)).map(said);
  const left = all.filter((change) => !isAnnounced(released, change)).map(said);
  const isAccepted = (change) => accepted.some((one) => one.reason && one.change === change);
  return {
    breaking: left.filter((change) => !isAccepted(change)),
    dangerous: findDangerousChanges(released, current).map(said),
    announced,
    wrong: accepted.filter((one) => !one.reason || !left.includes(one.change))
      .map((one) => (one.reason ? `stale: ${one.change}` : `without a reason: ${one.change}`)),
  };
}

function main([releasedFile, currentFile, acceptedFile]) {
  const read = (file) => readFileSync(file, 'utf8');
  const found = compare(read(releasedFile), read(currentFile), acceptedFile ? read(acceptedFile) : '');
  for (const [kind, changes] of Object.entries(found)) for (const change of changes) console.log(`${kind} ${change}`);
  const count = found.breaking.length + found.wrong.length;
  if (count > 0) {
    console.log('Keep the old member beside the new one and deprecate it with a reason, or accept the change with a'
      + ' reason in tests/schema/accepted.txt.');
    process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main(process.argv.slice(2));

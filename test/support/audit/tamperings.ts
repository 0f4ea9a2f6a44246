import type { Finding } from "../../../app/audit/seal/findings.js";
import type { Db } from "../../../app/db/database.js";
import { run } from "../database/statements.js";
import { forgeSeal, swapRows } from "./forgery.js";
import type { Place } from "./sample-log.js";

/** Something that an attacker does to the log, and the finding that must come first. */
export interface Tampering {
  readonly name: string;
  readonly act: (tx: Db, at: (n: number) => Place) => Promise<void>;
  readonly what: Finding["what"];
  readonly detail: (at: (n: number) => Place) => string;
  /** How many findings; default 1. */
  readonly found?: number;
}

/** Sets columns of the record at an index. */
const setting =
  (n: number, set: string): Tampering["act"] =>
  (tx, at) =>
    run(tx, `update decisions set ${set} where seq = ${at(n).seq}`);
const changed =
  (n: number, more = "") =>
  (at: (n: number) => Place) =>
    `${at(n).name} was changed${more}.`;
const COLUMNS_DIFFER = ": its columns do not say what it says";
const moved = (from: number, to: number) => (at: (n: number) => Place) =>
  `${at(from).name} was moved to place ${at(to).seq}; record ${at(to).id} stands there instead.`;
const unsealedText = ({ id, seq }: { id: string; seq: number }) =>
  `Record ${id} (place ${seq}) is under no seal: it was inserted, or its seal was removed or changed.`;
const sealChanged = (n: number) => () => `Seal ${n} was changed: its hash, number or time is another.`;
const notTheLast = () => "Seal 5 is the last, but not the one that is noted as such in the database.";
/** Inserts a copy of a record under another id. */
const insertCopy = (at: (n: number) => Place, n: number, seq: string) =>
  `insert into decisions (seq, id, time, principal_id, kind, resource_id, action, effect, record) overriding system value
   select ${seq}, 'forged', time, principal_id, kind, resource_id, action, effect, replace(record, id, 'forged')
   from decisions where seq = ${at(n).seq}`;

/** Tamperings of the log that {@link makeSampleLog} makes. */
export const tamperings: readonly Tampering[] = [
  {
    name: "one letter of a record changed",
    act: setting(1_500, `record = replace(record, '"GET"', '"GOT"')`),
    what: "changed",
    detail: changed(1_500),
  },
  {
    name: "a space put into a record, which means nothing",
    act: setting(0, `record = replace(record, ',"', ', "')`),
    what: "changed",
    detail: changed(0),
  },
  {
    name: "the id in a record changed",
    act: setting(9, "record = replace(record, id, 'other')"),
    what: "changed",
    detail: changed(9, ": it says that it is record other"),
  },
  ...(
    [
      ["effect", "effect = case effect when 'deny' then 'allow' else 'deny' end"],
      ["principal_id", "principal_id = 'somebody else'"],
      ["principal_id to nobody", "principal_id = null"],
      ["time", "time = time + interval '1 millisecond'"],
      ["kind", "kind = 'invoice'"],
      ["resource_id", "resource_id = resource_id || ' '"],
      ["action", "action = upper(action)"],
      ["id", "id = 'other'"],
    ] as const
  ).map(
    ([name, set], n): Tampering => ({
      name: `the column changed that is searched by: ${name}`,
      act: setting(n * 300, set),
      what: "changed",
      detail: changed(n * 300, COLUMNS_DIFFER),
    }),
  ),
  ...(
    [
      ["no JSON", "record = 'nothing'"],
      ["empty", "record = ''"],
      ["JSON, but no object", "record = 'null'"],
      ["another value altogether", `record = '{"id":7,"principal":{},"time":"yesterday"}'`],
      ["half of a surrogate pair, escaped", `record = replace(record, '"GET"', '"\\ud83d"')`],
      ["U+0000, escaped", `record = replace(record, '"GET"', '"\\u0000"')`],
    ] as const
  ).map(
    ([name, set], n): Tampering => ({
      name: `a record made ${name}`,
      act: setting(1_000 + n, set),
      what: "changed",
      detail: changed(1_000 + n),
    }),
  ),
  ...[0, 1_099, 2_199].map(
    (n): Tampering => ({
      name: `a record deleted: number ${n}`,
      act: (tx, at) => run(tx, `delete from decisions where seq = ${at(n).seq}`),
      what: "removed",
      detail: (at) => `${at(n).name} was removed.`,
    }),
  ),
  {
    name: "a record deleted that no seal covers yet",
    act: (tx, at) => run(tx, `delete from decisions where seq = ${at(2_220).seq}`),
    what: "removed",
    detail: (at) => `The record at place ${at(2_220).seq} was removed before it was sealed.`,
  },
  ...(
    [
      ["the texts of two records swapped", 10, 20, "record"],
      ["two rows swapped", 1_090, 1_091],
      ["two rows swapped that are under different seals, thousands apart", 5, 2_150],
    ] as const
  ).map(
    ([name, one, other, column]): Tampering => ({
      name,
      act: (tx, at) => swapRows(tx, at(one).seq, at(other).seq, column),
      what: "reordered",
      detail: moved(one, other),
      found: 2,
    }),
  ),
  {
    name: "a row moved behind the end",
    act: (tx, at) => run(tx, `update decisions set seq = default where seq = ${at(7).seq}`),
    what: "reordered",
    detail: (at) => `${at(7).name} was moved to place ${at(2_259).seq + 1}.`,
    found: 2,
  },
  {
    name: "a record inserted before all others",
    act: (tx, at) => run(tx, insertCopy(at, 3, "-5")),
    what: "inserted",
    detail: () => unsealedText({ id: "forged", seq: -5 }),
  },
  {
    name: "a record inserted in the middle, in the place of another",
    act: async (tx, at) => {
      await run(tx, `delete from decisions where seq = ${at(1_200).seq}`);
      await run(tx, insertCopy(at, 3, String(at(1_200).seq)));
    },
    what: "removed",
    detail: (at) => `${at(1_200).name} was removed; record forged stands there instead.`,
  },
  {
    name: "a record inserted at the end",
    act: (tx, at) => run(tx, insertCopy(at, 3, String(at(2_259).seq + 1))),
    what: "inserted",
    detail: (at) => unsealedText({ id: "forged", seq: at(2_259).seq + 1 }),
  },
  ...(
    [
      ["the last seal removed", "number = 5", "Seal 5 was removed.", 251],
      ["the last two seals removed", "number > 3", "Seals 4 to 5 were removed.", 601],
      ["the first seal removed", "number = 1", "Seal 1 was removed, and no seal says that it was for age.", 1_001],
      ["all seals removed", "true", "Seals 1 to 5 were removed.", 2_201],
    ] as const
  ).map(
    ([name, which, detail, found]): Tampering => ({
      name,
      act: (tx) => run(tx, `delete from seals where ${which}`),
      what: "seal removed",
      detail: () => detail,
      found,
    }),
  ),
  ...(
    [
      [
        "the first two seals removed with their records",
        [1, 2],
        [0, 1_099],
        "Seals 1 to 2 were removed, and no seal says that it was for age.",
      ],
      ["a seal in the middle removed with its records", [2, 2], [1_000, 1_099], "Seal 2 was removed."],
    ] as const
  ).map(
    ([name, [first, last], [from, to], detail]): Tampering => ({
      name,
      act: async (tx, at) => {
        await run(tx, `delete from seals where number between ${first} and ${last}`);
        await run(tx, `delete from decisions where seq between ${at(from).seq} and ${at(to).seq}`);
      },
      what: "seal removed",
      detail: () => detail,
    }),
  ),
  {
    name: "the last seal removed, and the one before noted as the last",
    act: async (tx) => {
      await run(tx, "delete from seals where number = 5");
      await run(tx, "update seal_head set (number, hash) = (select number, hash from seals where number = 4)");
    },
    what: "inserted",
    detail: (at) => unsealedText(at(1_950)),
    found: 250,
  },
  {
    name: "a record's digest in a seal changed",
    act: (tx, at) => forgeSeal(tx, 2, (seal) => seal, { at: at(1_003), keepHash: true }),
    what: "seal changed",
    detail: sealChanged(2),
    found: 2,
  },
  {
    name: "a record changed, its digest in the seal, and the seal's hash",
    act: (tx, at) => forgeSeal(tx, 2, (seal) => seal, { at: at(1_003) }),
    what: "seal changed",
    detail: () => "Seal 3 does not follow from seal 2: one of them was changed.",
  },
  {
    name: "the last seal changed, and its hash",
    act: (tx, at) => forgeSeal(tx, 5, (seal) => seal, { at: at(2_000) }),
    what: "seal changed",
    detail: notTheLast,
  },
  {
    name: "the first seal made to follow from another",
    act: (tx) => forgeSeal(tx, 1, (seal) => ({ ...seal, previous: "1".repeat(64) })),
    what: "seal changed",
    detail: () => "Seal 1 is not the first of its chain.",
    found: 2,
  },
  ...(
    [
      [
        "a seal's content made unreadable",
        "update seals set content = 'nothing' where number = 3",
        sealChanged(3),
        501,
      ],
      ["a seal's hash changed", "update seals set hash = repeat('a', 64) where number = 3", sealChanged(3), 1],
      [
        "a seal made to look old, so that it expires",
        "update seals set sealed_at = '2000-01-01' where number = 1",
        sealChanged(1),
        1,
      ],
      [
        "two seals swapped",
        `update seals s set (sealed_at, content, hash) =
           (select sealed_at, content, hash from seals o where o.number = 5 - s.number) where number in (2, 3)`,
        sealChanged(2),
        2,
      ],
      ["the noted hash of the last seal changed", "update seal_head set hash = repeat('a', 64)", notTheLast, 1],
      ["the note of the last seal removed", "delete from seal_head", notTheLast, 1],
    ] as const
  ).map(
    ([name, statement, detail, found]): Tampering => ({
      name,
      act: (tx) => run(tx, statement),
      what: "seal changed",
      detail,
      found,
    }),
  ),
];

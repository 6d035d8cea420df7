// Random edits of every kind on three devices that come and go. REEVE_INTEROP_SEED repeats a run, REEVE_INTEROP_SEEDS draws another number of them.
import { expect, test } from "vitest";
import type { DeviceRealm } from "../support/client.ts";
import { Edits, Random, thingSchema, writeIfPossible, type EditKind } from "../support/random.ts";
import { settle, Stage, type Partition } from "../support/stage.ts";

/** Seeds that failed once. */
const REGRESSIONS: readonly number[] = [];
const NEW_SEEDS = Number(process.env["REEVE_INTEROP_SEEDS"] ?? 6);
const DEVICES = 3;
const ROUNDS = 4;
const EDITS_PER_ROUND = 10;

const given = process.env["REEVE_INTEROP_SEED"];
const start = Date.now() % 1_000_000;
const seeds = given === undefined ? [...REGRESSIONS, ...Array.from({ length: NEW_SEEDS }, (_, index) => start + index)] : [Number(given)];

const stage = new Stage();
const drawn = new Map<EditKind, number>();
let thingsLeft = 0;

interface Editor {
  readonly realm: DeviceRealm;
  readonly edits: Edits;
}

test.for(seeds)("devices that edit offline at random and meet now and then end equal (seed %i)", async (seed) => {
  const partition = stage.partition(thingSchema);
  const random = new Random(seed);
  const editors = (await partition.joined(DEVICES)).map((realm, index): Editor => ({
    realm,
    edits: new Edits(random, "abc"[index] ?? "x"),
  }));
  await Promise.all(editors.map(({ realm }) => realm.pause()));
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round === ROUNDS / 2) editors.push(await latecomer(partition, random));
    for (const editor of editors)
      for (let i = 0; i < EDITS_PER_ROUND; i += 1) await editor.realm.write(editor.edits.draw(await editor.realm.dump()));
    await meet(editors, random);
  }
  for (const { realm } of editors) await realm.resume();
  thingsLeft += (await partition.expectSame(editors.map(({ realm }) => realm)))["Thing"]?.length ?? 0;
  await partition.expectServerObjects(editors[0]!.realm);
  count(editors);
});

test("devices that edit at random while they are connected end equal", async () => {
  const partition = stage.partition(thingSchema);
  const random = new Random(start);
  const editors = (await partition.joined(DEVICES)).map((realm, index): Editor => ({
    realm,
    edits: new Edits(random, "abc"[index] ?? "x"),
  }));
  const each = 60;
  let written = 0;
  await Promise.all(
    editors.map(async ({ realm, edits }) => {
      for (let i = 0; i < each; i += 1) if (await writeIfPossible(realm, edits)) written += 1;
    }),
  );
  expect(written).toBeGreaterThan((DEVICES * each) / 2);
  await partition.expectSame(editors.map(({ realm }) => realm));
});

test.skipIf(given !== undefined)("the seeds together drew edits of every kind, and left something to compare", () => {
  expect([...drawn].filter(([, times]) => times === 0).map(([kind]) => kind)).toEqual([]);
  expect(drawn.size).toBeGreaterThan(0);
  expect(thingsLeft).toBeGreaterThan(NEW_SEEDS);
});

/** A device that joins when the others have unsent changes, and begins with the state instead of the history. */
async function latecomer(partition: Partition, random: Random): Promise<Editor> {
  await partition.lengthenHistory();
  const realm = await partition.join();
  await realm.pause();
  return { realm, edits: new Edits(random, "late") };
}

/** Some of the devices connect, all at once or one by one, exchange what they have, and disconnect. */
async function meet(editors: readonly Editor[], random: Random): Promise<void> {
  const present = editors.filter(() => random.below(3) > 0).map(({ realm }) => realm);
  if (random.below(2) === 0) {
    await Promise.all(present.map((realm) => realm.resume()));
    await settle(present);
    await Promise.all(present.map((realm) => realm.pause()));
  } else {
    for (const realm of present) {
      await realm.resume();
      await settle([realm]);
      await realm.pause();
    }
  }
}

function count(editors: readonly Editor[]): void {
  for (const { edits } of editors)
    for (const kind of Object.keys(edits.drawn) as EditKind[]) drawn.set(kind, (drawn.get(kind) ?? 0) + edits.drawn[kind]);
}

// Random edits of every kind on three devices that come and go. REEVE_INTEROP_SEED repeats a run, REEVE_INTEROP_SEEDS draws another number of them.
import { expect, test } from "vitest";
import type { DeviceRealm } from "../support/client.ts";
import { Edits, Random, thingSchema, type EditKind } from "../support/random.ts";
import { settle, Stage } from "../support/stage.ts";

/** Seeds that failed once. */
const REGRESSIONS: readonly number[] = [];
const NEW_SEEDS = Number(process.env["REEVE_INTEROP_SEEDS"] ?? 10);
const DEVICES = 3;
const ROUNDS = 4;
const EDITS_PER_ROUND = 12;

const given = process.env["REEVE_INTEROP_SEED"];
const start = Date.now() % 1_000_000;
const seeds = given === undefined ? [...REGRESSIONS, ...Array.from({ length: NEW_SEEDS }, (_, index) => start + index)] : [Number(given)];

const stage = new Stage();
const drawn = new Map<EditKind, number>();

test.for(seeds)("devices that edit at random and meet now and then end equal (seed %i)", async (seed) => {
  const partition = stage.partition(thingSchema);
  const realms = await partition.joined(DEVICES);
  const random = new Random(seed);
  const editors = realms.map((realm, index) => ({ realm, edits: new Edits(random, "abc"[index] ?? "x"), connected: true }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const editor of editors) {
      const connect = random.below(2) === 0;
      if (connect !== editor.connected) await (connect ? editor.realm.resume() : editor.realm.pause());
      editor.connected = connect;
      await editRandomly(editor.realm, editor.edits);
    }
    const connected = editors.filter((editor) => editor.connected).map((editor) => editor.realm);
    await settle(connected);
  }
  for (const editor of editors) await editor.realm.resume();
  const dump = await partition.expectSame(realms);
  expect(dump["Thing"]?.length, "things that the edits left").toBeGreaterThan(0);
  for (const { edits } of editors)
    for (const kind of Object.keys(edits.drawn) as EditKind[]) drawn.set(kind, (drawn.get(kind) ?? 0) + edits.drawn[kind]);
});

test.skipIf(given !== undefined)("the seeds together drew edits of every kind", () => {
  expect([...drawn].filter(([, times]) => times === 0).map(([kind]) => kind)).toEqual([]);
  expect(drawn.size).toBeGreaterThan(0);
});

/** Some transactions on one device, each of one edit that its present state allows. */
async function editRandomly(realm: DeviceRealm, edits: Edits): Promise<void> {
  for (let i = 0; i < EDITS_PER_ROUND; i += 1) await realm.write(edits.draw(await realm.dump()));
}

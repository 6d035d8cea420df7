// Every property type, there and back between two devices.
import { expect, test } from "vitest";
import {
  addToSet,
  append,
  clear,
  create,
  link,
  remove,
  removeIndex,
  removeKey,
  removeValue,
  set,
  upsert,
  type Value,
} from "../support/notation.ts";
import { everyTypeSchema } from "../support/schemas.ts";
import { Stage } from "../support/stage.ts";
import { FIRST, firstObject, primitives, samples, SECOND } from "../support/every-type.ts";

const stage = new Stage();

test("every property type arrives on another device as it was written", async () => {
  const partition = stage.partition(everyTypeSchema);
  const [a, b] = await partition.joined(2);
  await a!.write(create("Every", firstObject));
  await b!.waitForCount("Every", 1);
  expect((await b!.dump())["Every"]).toEqual([firstObject]);
  await partition.expectSame([a!, b!]);
  await partition.expectServerObjects(a!);
});

test("every property type that is changed on one device changes on the other", async () => {
  const partition = stage.partition(everyTypeSchema);
  const [a, b] = await partition.joined(2);
  await a!.write(create("Every", { _id: FIRST }));
  await b!.waitForCount("Every", 1);
  const { _id: _, ...values } = firstObject;
  await b!.write(...Object.entries(values).map(([property, value]) => set(["Every", FIRST, property], value)));
  expect((await partition.expectSame([a!, b!]))["Every"]).toEqual([firstObject]);
  await a!.write(
    ...primitives.flatMap((type) => {
      const values: readonly Value[] = samples[type];
      const last = values.at(-1) ?? null;
      return [
        set(["Every", FIRST, type], last),
        set(["Every", FIRST, `${type}Optional`], last),
        removeIndex(["Every", FIRST, `${type}List`], 0),
        set(["Every", FIRST, `${type}OptionalList`, 1], null),
        clear("Every", FIRST, `${type}Set`),
        set(["Every", FIRST, `${type}Dictionary`, "other"], last),
        removeKey(["Every", FIRST, `${type}Dictionary`], "key"),
      ];
    }),
    set(["Every", FIRST, "part"], null),
    set(["Every", FIRST, "partList", 1, "inner"], { values: [9] }),
    removeIndex(["Every", FIRST, "partList"], 0),
    removeKey(["Every", FIRST, "partDictionary"], "a"),
    removeValue(["Every", FIRST, "mixedSet"], "text"),
  );
  const [changed] = (await partition.expectSame([a!, b!]))["Every"] ?? [];
  expect(changed).toMatchObject({
    bool: false,
    boolOptional: false,
    stringSet: [],
    dataDictionary: { other: samples.data.at(-1) },
    dateList: samples.date.slice(1),
    uuidOptionalList: [null, null],
    part: null,
    partList: [{ inner: { values: [9] } }],
    mixedSet: [5, { $objectId: FIRST }],
  });
});

test("links arrive in every place that may hold one, and vanish with their target", async () => {
  const partition = stage.partition(everyTypeSchema);
  const [a, b] = await partition.joined(2);
  const target = link("Every", SECOND);
  await a!.write(
    create("Every", { _id: FIRST, part: { name: "p" } }),
    create("Every", { _id: SECOND }),
    set(["Every", FIRST, "link"], target),
    append(["Every", FIRST, "linkList"], target),
    addToSet(["Every", FIRST, "linkSet"], target),
    set(["Every", FIRST, "linkDictionary", "key"], target),
    set(["Every", FIRST, "mixed"], target),
    set(["Every", FIRST, "part", "target"], target),
  );
  const reported = link("Every", { $objectId: SECOND });
  const [first] = (await partition.expectSame([a!, b!]))["Every"] ?? [];
  await partition.expectServerObjects(b!);
  expect(first).toMatchObject({
    link: reported,
    linkList: [reported],
    linkSet: [reported],
    linkDictionary: { key: reported },
    mixed: reported,
    part: { target: reported },
  });
  await b!.write(remove("Every", SECOND));
  const [alone] = (await partition.expectSame([a!, b!]))["Every"] ?? [];
  expect(alone).toMatchObject({
    link: null,
    linkList: [],
    linkSet: [],
    linkDictionary: { key: null },
    mixed: null,
    part: { target: null },
  });
});

test("a mixed property holds lists and dictionaries in one another", async () => {
  const partition = stage.partition(everyTypeSchema);
  const [a, b] = await partition.joined(2);
  await a!.write(create("Every", { _id: FIRST, mixed: { list: [1, [2, { deep: { $uuid: samples.uuid[0].$uuid } }]], nothing: {} } }));
  await b!.waitForCount("Every", 1);
  await b!.write(append(["Every", FIRST, "mixed", "list", 1], 3));
  const [object] = (await partition.expectSame([a!, b!]))["Every"] ?? [];
  await partition.expectServerObjects(a!);
  expect(object?.["mixed"]).toEqual({ list: [1, [2, { deep: { $uuid: samples.uuid[0].$uuid } }, 3]], nothing: {} });
});

test("objects are found by int, string and uuid keys", async () => {
  const partition = stage.partition(everyTypeSchema);
  const [a, b] = await partition.joined(2);
  const uuid = samples.uuid[0].$uuid;
  await a!.write(
    create("KeyedByInt", { _id: "-9223372036854775808" }),
    create("KeyedByInt", { _id: 64 }),
    create("KeyedByString", { _id: "" }),
    create("KeyedByString", { _id: "ü🎈" }),
    create("KeyedByUuid", { _id: uuid }),
  );
  await b!.waitForCount("KeyedByUuid", 1);
  await b!.write(
    set(["KeyedByInt", 64, "name"], "n"),
    upsert("KeyedByString", { _id: "ü🎈", name: "s" }),
    set(["KeyedByUuid", uuid, "name"], "u"),
    remove("KeyedByString", ""),
  );
  expect(await partition.expectSame([a!, b!])).toMatchObject({
    KeyedByInt: [{ _id: 64, name: "n" }, { _id: { $int: "-9223372036854775808" } }],
    KeyedByString: [{ _id: "ü🎈", name: "s" }],
    KeyedByUuid: [{ name: "u" }],
  });
});

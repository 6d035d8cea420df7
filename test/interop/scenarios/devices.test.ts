// The instrument itself, without a server: what the client says of a realm is what was written into it.
import { describe, expect, test } from "vitest";
import { create, insert, increment, link, set, addToSet, removeIndex, removeKey, upsert } from "../support/notation.ts";
import { everyTypeSchema } from "../support/schemas.ts";
import { Stage } from "../support/stage.ts";
import { FIRST, firstObject } from "../support/every-type.ts";

const stage = new Stage();
const nowhere = { url: "http://127.0.0.1:1" };

describe("a device by itself", () => {
  test("runs the core of the published SDK", () => {
    expect(stage.client.core).toBe("14.12.0");
  });

  test("reads back every type as it was written", async () => {
    const realm = await (await stage.client.device(nowhere)).openLocal({ schema: everyTypeSchema });
    await realm.write(create("Every", firstObject));
    expect((await realm.dump())["Every"]).toEqual([firstObject]);
  });

  test("changes what a path leads to", async () => {
    const realm = await (await stage.client.device(nowhere)).openLocal({ schema: everyTypeSchema });
    await realm.write(create("Every", firstObject));
    await realm.write(
      increment(["Every", FIRST, "int"], 5),
      set(["Every", FIRST, "part", "inner"], { values: [1] }),
      insert(["Every", FIRST, "part", "inner", "values"], 0, 7),
      set(["Every", FIRST, "partDictionary", "b", "size"], 3.5),
      set(["Every", FIRST, "mixed"], { list: [1, [2]] }),
      set(["Every", FIRST, "mixed", "list", 1, 0], "deep"),
      addToSet(["Every", FIRST, "linkSet"], link("Every", FIRST)),
      removeIndex(["Every", FIRST, "intList"], 0),
      removeKey(["Every", FIRST, "stringDictionary"], "key"),
    );
    const [object] = (await realm.dump())["Every"] ?? [];
    expect(object).toMatchObject({
      int: { $int: "-9223372036854775803" },
      part: { inner: { values: [7, 1] } },
      partDictionary: { b: { size: { $double: 3.5 } } },
      mixed: { list: [1, ["deep"]] },
      linkSet: [link("Every", { $objectId: FIRST })],
      stringDictionary: {},
    });
  });

  test("changes nothing when one operation of a transaction fails", async () => {
    const realm = await (await stage.client.device(nowhere)).openLocal({ schema: everyTypeSchema });
    await realm.write(upsert("KeyedByInt", { _id: 1, name: "before" }));
    await expect(realm.write(set(["KeyedByInt", 1, "name"], "after"), create("KeyedByInt", { _id: 1 }))).rejects.toThrow(/ALREADY_EXISTS/);
    expect(await realm.objects("KeyedByInt")).toEqual([{ _id: 1, name: "before" }]);
  });

  test("names what it cannot do: an unreachable server, a missing object, an index past the end", async () => {
    const device = await stage.client.device(nowhere);
    await expect(device.signIn()).rejects.toMatchObject({ refusal: { name: "AppError" } });
    const realm = await device.openLocal({ schema: everyTypeSchema });
    await expect(realm.write(set(["KeyedByInt", 9, "name"], "x"))).rejects.toThrow("no KeyedByInt 9");
    await realm.write(create("Every", firstObject));
    await expect(realm.write(removeIndex(["Every", FIRST, "intList"], 99))).rejects.toThrow(/INDEX_OUT_OF_BOUNDS/);
  });
});

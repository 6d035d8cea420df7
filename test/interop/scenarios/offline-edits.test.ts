// Two or three devices edit the same objects while none of them is connected. What must come out is in the merge rules; that all devices agree is asked every time.
import { beforeAll, describe, expect, test } from "vitest";
import type { DeviceRealm } from "../support/client.ts";
import {
  addToSet,
  append,
  clear,
  create,
  increment,
  insert,
  link,
  remove,
  removeIndex,
  removeKey,
  removeValue,
  set,
  type Operation,
  type Values,
} from "../support/notation.ts";
import { taskSchema } from "../support/schemas.ts";
import { laterMillisecond, offline, Stage, type Partition } from "../support/stage.ts";

const stage = new Stage();
let partition: Partition;
let devices: readonly DeviceRealm[];
let lastTask = 0;

beforeAll(async () => {
  partition = stage.partition(taskSchema);
  devices = await partition.joined(3);
});

/** A new task on all devices, with what the scenarios expect to find in it. */
async function newTask(values: Values = {}): Promise<string> {
  const id = `task ${++lastTask}`;
  await devices[0]!.write(create("Task", { _id: id, title: "first", done: false, count: 0, ...values }));
  await Promise.all(devices.map((device) => device.waitForCount("Task", 1, { query: `_id == '${id}'` })));
  return id;
}

/** Each device in turn carries out its transaction, a millisecond or more after the device before it; then all connect. Answers the task `id` that all agree on. */
async function edited(id: string, ...transactions: readonly (readonly Operation[])[]): Promise<Values | undefined> {
  await offline(devices, async () => {
    for (const [index, transaction] of transactions.entries()) {
      await devices[index]!.write(...transaction);
      await laterMillisecond();
    }
  });
  const { Task: tasks } = await partition.expectSame(devices);
  return tasks?.find((task) => task["_id"] === id);
}

describe("properties", () => {
  test("of one property, the last update by time wins", async () => {
    const id = await newTask();
    const title = (text: string) => [set(["Task", id, "title"], text)];
    expect(await edited(id, title("a"), title("b"), title("c"))).toMatchObject({ title: "c" });
  });

  test("the last update wins whoever connects first", async () => {
    const id = await newTask();
    await Promise.all(devices.map((device) => device.pause()));
    await devices[0]!.write(set(["Task", id, "title"], "older"));
    await laterMillisecond();
    await devices[1]!.write(set(["Task", id, "title"], "newer"));
    await devices[1]!.resume();
    await devices[1]!.upload();
    await devices[0]!.resume();
    await devices[2]!.resume();
    const { Task: tasks } = await partition.expectSame(devices);
    expect(tasks?.find((task) => task["_id"] === id)).toMatchObject({ title: "newer" });
  });

  test("updates of different properties are all kept", async () => {
    const id = await newTask();
    expect(
      await edited(id, [set(["Task", id, "title"], "a")], [set(["Task", id, "done"], true)], [set(["Task", id, "count"], 3)]),
    ).toMatchObject({ title: "a", done: true, count: 3 });
  });

  test("increments of a counter add up", async () => {
    const id = await newTask({ count: 10 });
    const by = (n: number) => [increment(["Task", id, "count"], n), increment(["Task", id, "count"], n)];
    expect(await edited(id, by(1), by(20), by(-300))).toMatchObject({ count: 10 + 2 * (1 + 20 - 300) });
  });

  test("a counter that is set starts over: older increments are lost, newer ones are added", async () => {
    const id = await newTask({ count: 1 });
    expect(
      await edited(id, [increment(["Task", id, "count"], 5)], [set(["Task", id, "count"], 100)], [increment(["Task", id, "count"], 7)]),
    ).toMatchObject({ count: 107 });
  });
});

describe("objects", () => {
  test("a delete wins over every concurrent change, older or newer", async () => {
    const id = await newTask();
    expect(
      await edited(
        id,
        [set(["Task", id, "title"], "older")],
        [remove("Task", id)],
        [set(["Task", id, "title"], "newer"), append(["Task", id, "tags"], "x")],
      ),
    ).toBeUndefined();
  });

  test("the same key created on several devices is one object, whose properties merge", async () => {
    const id = `made everywhere`;
    const made = (values: Values) => [create("Task", { _id: id, ...values })];
    const task = await edited(id, made({ title: "a", tags: ["a"] }), made({ title: "b", count: 5 }), made({ title: "c", done: true }));
    expect(task).toMatchObject({ title: "c", done: true, count: 5 });
  });

  test("an object deleted and created anew on one device takes nothing from a concurrent change", async () => {
    const id = await newTask({ tags: ["old"] });
    const task = await edited(
      id,
      [remove("Task", id), create("Task", { _id: id, title: "second life" })],
      [append(["Task", id, "tags"], "lost"), set(["Task", id, "count"], 9)],
    );
    expect(task).toMatchObject({ title: "second life", tags: [], count: 0 });
  });

  test("a link to an object that another device deletes leads nowhere", async () => {
    const target = await newTask();
    const id = await newTask();
    const task = await edited(
      id,
      [set(["Task", id, "parent"], link("Task", target)), append(["Task", id, "related"], link("Task", target))],
      [remove("Task", target)],
    );
    expect(task).toMatchObject({ parent: null, related: [] });
  });

  test("links that several devices add to a list are all kept", async () => {
    const targets = [await newTask(), await newTask()];
    const id = await newTask();
    const task = await edited(id, ...targets.map((target) => [append(["Task", id, "related"], link("Task", target))]));
    expect(task).toMatchObject({ related: targets.map((target) => link("Task", target)) });
  });
});

describe("lists", () => {
  const tags = (id: string) => ["Task", id, "tags"] as const;

  test("what is appended on several devices ends in order of time", async () => {
    const id = await newTask({ tags: ["x"] });
    const two = (name: string) => [append(tags(id), `${name}1`), append(tags(id), `${name}2`)];
    expect(await edited(id, two("a"), two("b"), two("c"))).toMatchObject({ tags: ["x", "a1", "a2", "b1", "b2", "c1", "c2"] });
  });

  test("what is inserted at the same place is ordered by time", async () => {
    const id = await newTask({ tags: ["x", "y"] });
    const at1 = (name: string) => [insert(tags(id), 1, name)];
    expect(await edited(id, at1("a"), at1("b"), at1("c"))).toMatchObject({ tags: ["x", "a", "b", "c", "y"] });
  });

  test("an element that several devices remove is removed once", async () => {
    const id = await newTask({ tags: ["x", "y", "z"] });
    expect(await edited(id, [removeIndex(tags(id), 1)], [removeIndex(tags(id), 1)], [removeIndex(tags(id), 0)])).toMatchObject({
      tags: ["z"],
    });
  });

  test("an element that is removed on one device and changed on another is gone", async () => {
    const id = await newTask({ tags: ["x", "y", "z"] });
    expect(await edited(id, [removeIndex(tags(id), 1)], [set([...tags(id), 1], "changed")], [set([...tags(id), 2], "last")])).toMatchObject(
      { tags: ["x", "last"] },
    );
  });

  test("a list that is cleared loses what others insert, older or newer", async () => {
    const id = await newTask({ tags: ["x"] });
    expect(await edited(id, [insert(tags(id), 0, "older")], [clear(...tags(id))], [append(tags(id), "newer")])).toMatchObject({ tags: [] });
  });
});

describe("sets and dictionaries", () => {
  test("what several devices add to a set is united", async () => {
    const id = await newTask({ numbers: [1] });
    const add = (...numbers: readonly number[]) => numbers.map((n) => addToSet(["Task", id, "numbers"], n));
    expect(await edited(id, add(2, 3), add(3, 4), add(4, 5))).toMatchObject({ numbers: [1, 2, 3, 4, 5] });
  });

  test("of adding and removing the same value of a set, the last by time wins", async () => {
    const id = await newTask({ numbers: [1, 2] });
    const at = ["Task", id, "numbers"] as const;
    expect(
      await edited(
        id,
        [removeValue(at, 1), addToSet(at, 3)],
        [removeValue(at, 1), addToSet(at, 1), addToSet(at, 3), removeValue(at, 3)],
        [removeValue(at, 2), addToSet(at, 2)],
      ),
    ).toMatchObject({ numbers: [1, 2] });
  });

  test("entries under different keys are all kept; under one key the last by time wins", async () => {
    const id = await newTask({ extra: { gone: 1 } });
    const at = (key: string) => ["Task", id, "extra", key] as const;
    const task = await edited(
      id,
      [set(at("a"), 1), set(at("both"), "a")],
      [set(at("b"), true), set(at("both"), { $double: 0.5 })],
      [removeKey(["Task", id, "extra"], "gone")],
    );
    expect(task).toMatchObject({ extra: { a: 1, b: true, both: { $double: 0.5 } } });
    expect(task?.["extra"]).not.toHaveProperty("gone");
  });

  test("of removing and setting one key, the last by time wins", async () => {
    const id = await newTask({ extra: { first: 1, second: 1 } });
    const extra = ["Task", id, "extra"] as const;
    const task = await edited(
      id,
      [removeKey(extra, "first"), set([...extra, "second"], 2)],
      [set([...extra, "first"], 2), removeKey(extra, "second")],
    );
    expect(task?.["extra"]).toEqual({ first: 2 });
  });
});

describe("embedded objects", () => {
  test("changes of different properties of one embedded object are all kept", async () => {
    const id = await newTask({ place: { street: "Main St", floor: 1 } });
    expect(await edited(id, [set(["Task", id, "place", "floor"], 7)], [set(["Task", id, "place", "street"], "Side St")])).toMatchObject({
      place: { street: "Side St", floor: 7 },
    });
  });

  test("an embedded object that one device replaces loses what another changed in the old one", async () => {
    const id = await newTask({ place: { street: "Main St", floor: 1 } });
    expect(await edited(id, [set(["Task", id, "place", "floor"], 7)], [set(["Task", id, "place"], { street: "New St" })])).toMatchObject({
      place: { street: "New St", floor: null },
    });
  });

  test("an embedded object that one device removes is gone", async () => {
    const id = await newTask({ place: { street: "Main St", floor: 1 } });
    expect(
      await edited(
        id,
        [set(["Task", id, "place", "floor"], 7)],
        [set(["Task", id, "place"], null)],
        [set(["Task", id, "place", "street"], "x")],
      ),
    ).toMatchObject({ place: null });
  });

  test("changes follow the elements of a list of embedded objects when others insert and remove", async () => {
    const id = await newTask({ stops: [{ street: "a" }, { street: "b" }, { street: "c" }] });
    const stops = ["Task", id, "stops"] as const;
    const task = await edited(
      id,
      [set([...stops, 2, "floor"], 3), set([...stops, 1, "floor"], 2)],
      [insert(stops, 0, { street: "new" })],
      [removeIndex(stops, 1)],
    );
    expect(task).toMatchObject({
      stops: [
        { street: "new", floor: null },
        { street: "a", floor: null },
        { street: "c", floor: 3 },
      ],
    });
  });
});

test("after all of this the server's own objects are those of the devices", async () => {
  await partition.expectServerObjects(devices[0]!);
});

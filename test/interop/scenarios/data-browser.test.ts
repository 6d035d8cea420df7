// What operators see of a partition's objects is what its devices hold, value by value.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DeviceRealm } from "../support/client.ts";
import { FIRST, firstObject, samples, SECOND } from "../support/every-type.ts";
import { Management, type ShownObject } from "../support/management.ts";
import { addToSet, append, create, link, remove, set, type Dump, type Value, type Values } from "../support/notation.ts";
import { everyTypeSchema } from "../support/schemas.ts";
import { ServerProcess } from "../support/server.ts";
import { settle, Stage, type Partition } from "../support/stage.ts";

const stage = new Stage();
let server: ServerProcess;
let management: Management;

beforeAll(async () => {
  server = await ServerProcess.start();
  management = new Management(server);
});
afterAll(() => server.kill());

type Shown = Readonly<Record<string, unknown>>;
const isShown = (value: unknown): value is Shown => typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON carries integers up to this exactly; a device shows those beyond as text. */
const exact = (digits: unknown): number | string => (Number.isSafeInteger(Number(digits)) ? Number(digits) : String(digits));

const integer = (digits: unknown): Value => {
  const value = exact(digits);
  return typeof value === "number" ? value : { $int: value };
};

const ofKey = (key: unknown): Value => {
  const [[kind, value] = []] = isShown(key) ? Object.entries(key) : [];
  if (kind === "int") return integer(value);
  if (kind === "string") return String(value);
  if (kind === "objectid") return { $objectId: String(value) };
  if (kind === "uuid") return { $uuid: String(value) };
  throw new Error(`no key of an object: ${JSON.stringify(key)}`);
};

const ofEntries = (entries: unknown): Values =>
  Object.fromEntries(Object.entries(isShown(entries) ? entries : {}).map(([name, value]) => [name, ofShown(value)]));

const ofItems = (items: unknown): Value[] => (Array.isArray(items) ? items.map(ofShown) : []);

/** A value as the endpoint shows it, in the notation in which devices report. */
function ofShown(shown: unknown): Value {
  if (Array.isArray(shown)) return ofItems(shown);
  if (!isShown(shown)) throw new Error(`no value: ${JSON.stringify(shown)}`);
  if ("set" in shown) return ofItems(shown["set"]).toSorted(byText);
  if ("dictionary" in shown) return ofEntries(shown["dictionary"]);
  const { type, value } = shown;
  switch (type) {
    case "Null":
      return null;
    case "Int":
      return integer(value);
    case "Bool":
      return value === true;
    case "String":
      return String(value);
    case "ObjectId":
      return { $objectId: String(value) };
    case "UUID":
      return { $uuid: String(value) };
    case "Binary":
      return { $data: String(value) };
    case "Timestamp":
      return { $date: [exact(shown["s"]), Number(shown["ns"])] };
    case "Float":
      return { $float: typeof value === "number" ? value : String(value) };
    case "Double":
      return { $double: typeof value === "number" ? value : String(value) };
    case "Decimal":
      // Devices spell out the plus of an exponent.
      return { $decimal: String(value).replace(/E(?=\d)/, "E+") };
    case "Link":
      return link(String(shown["table"]), ofKey(shown["pk"]));
    case "List":
      return ofItems(value);
    case "Dictionary":
    case "Embedded":
      return ofEntries(value);
    default:
      throw new Error(`no type ${String(type)}`);
  }
}

function byText(a: Value, b: Value): number {
  const [first, second] = [JSON.stringify(a), JSON.stringify(b)];
  return Number(first > second) - Number(first < second);
}

const ofObject = ({ pk, fields }: ShownObject): Values => ({ _id: ofKey(pk), ...ofEntries(fields) });

/** Reads every class of `realm` through the endpoint, and expects what the device holds. */
async function expectShown(partition: Partition, realm: DeviceRealm, pageSize: number): Promise<Dump> {
  await settle([realm]);
  const dump = await realm.dump();
  for (const [className, objects] of Object.entries(dump)) {
    const shown = await management.objects(partition.value, className, pageSize);
    const sorted = shown.map(ofObject).toSorted((a, b) => byText(a["_id"] ?? null, b["_id"] ?? null));
    expect(sorted, `objects of ${className}`).toEqual(objects);
  }
  return dump;
}

test("[E3] every property type is shown as the device holds it, before and after changes", async () => {
  const partition = stage.partition(everyTypeSchema, { url: server.url });
  const [a, b] = await partition.joined(2);
  const target = link("Every", SECOND);
  await a!.write(create("Every", firstObject), create("Every", { _id: SECOND }));
  await a!.write(
    set(["Every", FIRST, "link"], target),
    append(["Every", FIRST, "linkList"], target),
    addToSet(["Every", FIRST, "linkSet"], target),
    set(["Every", FIRST, "linkDictionary", "key"], target),
    set(["Every", FIRST, "part", "target"], target),
    set(["Every", SECOND, "mixed"], { list: [1, [2, { deep: { $uuid: samples.uuid[0].$uuid } }], link("Every", FIRST)], nothing: {} }),
    set(["Every", SECOND, "double"], { $double: "NaN" }),
    set(["Every", SECOND, "float"], { $float: "-Infinity" }),
    set(["Every", SECOND, "mixedList"], [{ $float: 0.5 }, { $double: -0.25 }, { $decimal: "-0E-10" }, { $data: "00" }, [], {}]),
  );
  const before = await expectShown(partition, a!, 100);
  expect(before["Every"]).toHaveLength(2);

  await settle([b!]);
  await b!.write(
    remove("Every", SECOND),
    set(["Every", FIRST, "int"], -1),
    set(["Every", FIRST, "part"], null),
    set(["Every", FIRST, "mixed"], ["now", "a list"]),
    set(["Every", FIRST, "partList", 0, "inner"], { values: [9] }),
  );
  const after = await expectShown(partition, b!, 100);
  expect(after["Every"]).toMatchObject([{ link: null, linkList: [], linkDictionary: { key: null }, mixed: ["now", "a list"] }]);
});

test("[E3] objects of every kind of key are shown page by page, each once", async () => {
  const partition = stage.partition(everyTypeSchema, { url: server.url });
  const realm = await partition.join();
  const many = Array.from({ length: 25 }, (_, index) => create("KeyedByInt", { _id: index * index - 100, name: `n${index}` }));
  await realm.write(
    ...many,
    create("KeyedByInt", { _id: { $int: "-9223372036854775808" } }),
    create("KeyedByInt", { _id: { $int: "9223372036854775807" } }),
    ...["", "a", "ü🎈", "\u0000", "x".repeat(200), "__proto__"].map((id) => create("KeyedByString", { _id: id, name: id })),
    ...samples.uuid.map(({ $uuid }) => create("KeyedByUuid", { _id: { $uuid } })),
    create("Every", { _id: { $objectId: "000000000000000000000000" } }),
  );
  const dump = await expectShown(partition, realm, 4);
  expect(Object.values(dump).map((objects) => objects.length)).toEqual([1, 27, 6, 2]);
});

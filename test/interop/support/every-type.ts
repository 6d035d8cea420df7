// Values at the edges of every type, as a test writes them and as a device reports them.
import type { Value, Values } from "./notation.ts";
import { shapesOf, type Primitive } from "./schemas.ts";

export const FIRST = "65f0000000000000000000a1";
export const SECOND = "65f0000000000000000000a2";

/** For each primitive: values worth sending, in the form that a device reports. The first stands for the type where one value is enough. */
export const samples = {
  int: [{ $int: "-9223372036854775808" }, { $int: "9223372036854775807" }, 0, -1, 9_007_199_254_740_991],
  bool: [true, false],
  string: ["ü 🎈 \u0000 end", "", "x".repeat(70_000)],
  data: [{ $data: "00ff10" }, { $data: "" }, { $data: "ab".repeat(40_000) }],
  date: [{ $date: [-1, -5] }, { $date: [0, 0] }, { $date: [253_402_300_799, 999_999_999] }],
  float: [{ $float: 1.5 }, { $float: "-Infinity" }, { $float: -0.25 }],
  double: [{ $double: -2.5e-300 }, { $double: "Infinity" }, { $double: 0.1 }],
  decimal: [{ $decimal: "1.10E-6000" }, { $decimal: "-123.4500" }, { $decimal: "9.999999999999999999999999999999999E+6144" }],
  objectId: [{ $objectId: FIRST }, { $objectId: "ffffffffffffffffffffffff" }],
  uuid: [{ $uuid: "3b241101-e2bb-4255-8caf-4136c566a962" }, { $uuid: "00000000-0000-0000-0000-000000000000" }],
} as const satisfies Readonly<Record<Primitive, readonly Value[]>>;

export const primitives = Object.keys(samples) as readonly Primitive[];

/** The properties of `type` filled with its samples. */
function shapes(type: Primitive): Values {
  const all: readonly Value[] = samples[type];
  const first = all[0] ?? null;
  const shaped: Record<string, Value> = {
    [type]: first,
    [`${type}Optional`]: null,
    [`${type}List`]: all,
    [`${type}OptionalList`]: [null, first],
    [`${type}Set`]: sorted(all),
    [`${type}Dictionary`]: { key: first },
  };
  if (Object.keys(shapesOf(type)).some((name) => !(name in shaped))) throw new Error(`no value for each shape of ${type}`);
  return shaped;
}

/** Sets have no order of their own; a device reports them sorted by their JSON. */
function sorted(values: readonly Value[]): readonly Value[] {
  return values.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const nothingLinked: Values = { link: null, linkList: [], linkSet: [], linkDictionary: {} };

/** An object of the class Every with something in every property, as a device reports it. */
export const firstObject: Values = {
  _id: { $objectId: FIRST },
  ...Object.assign({}, ...primitives.map(shapes)),
  ...nothingLinked,
  mixed: { $uuid: "3b241101-e2bb-4255-8caf-4136c566a962" },
  mixedList: [null, ...primitives.map((type): Value => samples[type][0])],
  mixedSet: sorted(["text", 5, { $objectId: FIRST }]),
  mixedDictionary: { flag: true, nothing: null, number: { $double: 2.5 } },
  part: { name: "whole", size: { $double: 1.5 }, inner: null, target: null },
  partList: [
    { name: "p0", size: null, inner: { values: [1, 2, 3] }, target: null },
    { name: "p1", size: { $double: "NaN" }, inner: null, target: null },
  ],
  partDictionary: { a: null, b: { name: "entry", size: null, inner: null, target: null } },
};

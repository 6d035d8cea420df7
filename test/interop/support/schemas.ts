// The schemas of the scenarios.
import type { ClassSchema } from "./notation.ts";

/** A to-do list's classes, with every kind of collection that concurrent edits meet in. */
export const taskSchema = [
  {
    name: "Task",
    primaryKey: "_id",
    properties: {
      _id: "string",
      title: "string",
      done: "bool",
      count: "int",
      tags: "string[]",
      numbers: "int<>",
      extra: "mixed{}",
      place: "Place",
      stops: "Place[]",
      parent: "Task",
      related: "Task[]",
    },
  },
  { name: "Place", embedded: true, properties: { street: "string", floor: "int?" } },
] as const satisfies readonly ClassSchema[];

const primitives = ["int", "bool", "string", "data", "date", "float", "double", "decimal", "objectId", "uuid"] as const;
export type Primitive = (typeof primitives)[number];

/** Every primitive plain, optional, and in each collection; mixed, links and embedded objects in each place that may hold them. */
export const everyTypeSchema: readonly ClassSchema[] = [
  {
    name: "Every",
    primaryKey: "_id",
    properties: {
      _id: "objectId",
      ...Object.fromEntries(primitives.flatMap((type) => Object.entries(shapesOf(type)))),
      mixed: "mixed",
      mixedList: "mixed[]",
      mixedSet: "mixed<>",
      mixedDictionary: "mixed{}",
      link: "Every",
      linkList: "Every[]",
      linkSet: "Every<>",
      linkDictionary: "Every{}",
      part: "Part",
      partList: "Part[]",
      partDictionary: "Part{}",
    },
  },
  { name: "Part", embedded: true, properties: { name: "string", size: "double?", inner: "InnerPart", target: "Every" } },
  { name: "InnerPart", embedded: true, properties: { values: "int[]" } },
  { name: "KeyedByInt", primaryKey: "_id", properties: { _id: "int", name: "string?" } },
  { name: "KeyedByString", primaryKey: "_id", properties: { _id: "string", name: "string?" } },
  { name: "KeyedByUuid", primaryKey: "_id", properties: { _id: "uuid", name: "string?" } },
];

/** The properties that hold `type`, by the name that a test finds them under. */
export function shapesOf(type: Primitive): Readonly<Record<string, string>> {
  return {
    [type]: type,
    [`${type}Optional`]: `${type}?`,
    [`${type}List`]: `${type}[]`,
    [`${type}OptionalList`]: `${type}?[]`,
    [`${type}Set`]: `${type}<>`,
    [`${type}Dictionary`]: `${type}{}`,
  };
}

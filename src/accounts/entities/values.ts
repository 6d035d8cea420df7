import type { FieldType } from "./model.ts";

/** Bounds of one value: the length of a text in UTF-16 units, of a list, of an object's JSON, and how deep it may be nested. */
export const valueLimits = { text: 10_000, items: 1000, json: 65_536, depth: 16 } as const;

export type ValueResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

const wrong = (problem: string): ValueResult => ({ ok: false, problem });

const normaliseText = (value: unknown): ValueResult => {
  if (typeof value !== "string") return wrong("must be text");
  if (value.length > valueLimits.text) return wrong(`must have at most ${valueLimits.text} characters`);
  if (!value.isWellFormed() || value.includes("\0")) return wrong("contains characters that are none");
  return { ok: true, value: value.normalize("NFC") };
};

const isNestedTooDeeply = (value: unknown, depth = 0): boolean => {
  if (typeof value !== "object" || value === null) return false;
  return depth >= valueLimits.depth || Object.values(value).some((member) => isNestedTooDeeply(member, depth + 1));
};

const normaliseObject = (value: unknown): ValueResult => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong("must be an object");
  if (isNestedTooDeeply(value)) return wrong(`is nested more than ${valueLimits.depth} levels deep`);
  if (JSON.stringify(value).length > valueLimits.json) return wrong(`must have at most ${valueLimits.json} characters as JSON`);
  return { ok: true, value };
};

const normaliseDate = (value: unknown): ValueResult => {
  const isIso = typeof value === "string" && /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(value);
  const time = isIso ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? wrong("must be a date as in 2026-11-22T10:00:00Z") : { ok: true, value: new Date(time).toISOString() };
};

const normaliseList = (value: unknown, of: FieldType): ValueResult => {
  if (!Array.isArray(value)) return wrong("must be a list");
  if (value.length > valueLimits.items) return wrong(`must have at most ${valueLimits.items} items`);
  const items: unknown[] = [];
  for (const [index, item] of value.entries()) {
    const result = normaliseValue(item, of);
    if (!result.ok) return wrong(`item ${index} ${result.problem}`);
    items.push(result.value);
  }
  return { ok: true, value: items };
};

/** Checks a value from outside against a type and brings it into its one form: NFC text, UTC dates, upper-case ULIDs. */
export const normaliseValue = (value: unknown, type: FieldType): ValueResult => {
  switch (type.kind) {
    case "string":
      return normaliseText(value);
    case "ulid":
      return typeof value === "string" && /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i.test(value)
        ? { ok: true, value: value.toUpperCase() }
        : wrong("must be a ULID");
    case "boolean":
      return typeof value === "boolean" ? { ok: true, value } : wrong("must be true or false");
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? { ok: true, value } : wrong("must be a number");
    case "date":
      return normaliseDate(value);
    case "object":
      return normaliseObject(value);
    case "array":
      return normaliseList(value, type.of);
  }
};

/** The value of a default expression for a field of this type: objects and lists are written as JSON text (`'{}'`). */
export const readDefault = (value: unknown, type: FieldType): ValueResult => {
  if (typeof value !== "string" || (type.kind !== "object" && type.kind !== "array")) return normaliseValue(value, type);
  try {
    return normaliseValue(JSON.parse(value), type);
  } catch {
    return wrong("must be JSON");
  }
};

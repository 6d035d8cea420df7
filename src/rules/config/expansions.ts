import { nearest } from "../nearest.ts";
import type { Findings, Position } from "./diagnostic.ts";
import type { Expansion } from "./expression.ts";

/** Where an expression stands; what it may contain depends on it (rules-and-config §3.4). */
export type Place = "partition" | "applyWhen" | "document";

/** How a place is called in messages. */
export const placeNames: Readonly<Record<Place, string>> = {
  partition: "a partition's permissions",
  applyWhen: "applyWhen",
  document: "a role's read or write",
};

const known = [
  "%%true",
  "%%false",
  "%%partition",
  "%%user.id",
  "%%user.type",
  "%%user.data",
  "%%user.custom_data",
  "%%user.identities",
  "%%values",
  "%%environment",
] as const;

/** Expansions of other kinds of rules: they name a document or a request, of which sync rules know neither. */
const foreign: readonly string[] = ["%%this", "%%prev", "%%root", "%%prevRoot", "%%request"];

const parse = (text: string): Expansion | undefined => {
  const [head, second, ...rest] = text.slice(2).split(".");
  const path = second === undefined ? [] : [second, ...rest];
  if (path.includes("")) return undefined;
  switch (head) {
    case "true":
    case "false":
    case "partition":
      return path.length === 0 ? { name: head } : undefined;
    case "values":
      return { name: head, path };
    case "environment":
      return second === undefined || second === "tag" || second === "values" ? { name: head, path } : undefined;
    case "user":
      if (second === "id" || second === "type") return rest.length === 0 ? { name: `user.${second}` } : undefined;
      return second === "data" || second === "custom_data" || second === "identities" ? { name: `user.${second}`, path: rest } : undefined;
  }
  return undefined;
};

/** Reads a text that begins with `%%`. What does not exist, or not in this place, is a finding. */
export const readExpansion = (text: string, at: Position, place: Place, findings: Findings): Expansion | undefined => {
  const head = text.split(".")[0] ?? text;
  if (foreign.includes(head)) {
    findings.add(
      "ForbiddenConstruct",
      at,
      `${head} cannot be used in ${placeNames[place]}: sync rules see neither a request nor a whole document.`,
      "Name the field itself, or use %%user.",
    );
    return undefined;
  }
  const expansion = parse(text);
  if (expansion === undefined) {
    const meant = nearest(text.split(".").slice(0, 2).join("."), known) ?? nearest(head, known);
    findings.add(
      "UnknownExpansion",
      at,
      `There is no expansion ${text}.`,
      meant === undefined ? `There are ${known.join(", ")}.` : `Did you mean ${meant}?`,
    );
    return undefined;
  }
  if (expansion.name === "partition" && place !== "partition") {
    findings.add("ForbiddenConstruct", at, `%%partition cannot be used in ${placeNames[place]}: flexible sync has no partitions.`);
    return undefined;
  }
  return expansion;
};

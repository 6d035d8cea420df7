import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../src/errors/catalogue.ts";

const source = new URL("../../src/", import.meta.url).pathname;

/** The rooms from the ground up, as docs/architecture.md names them: each may import from the rooms that it lists, and from no other. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  changeset: ["errors"],
  protocol: ["errors"],
  merge: ["errors", "changeset"],
  rules: ["errors", "changeset"],
  store: ["errors", "changeset", "merge"],
  session: ["errors", "changeset", "merge", "protocol", "rules", "store"],
  platform: ["protocol", "session"],
  accounts: ["errors", "changeset", "protocol", "rules", "store"],
  "durable-objects": ["errors", "changeset", "protocol", "rules", "store", "session", "platform", "accounts"],
  worker: ["errors", "changeset", "protocol", "rules", "store", "session", "platform", "accounts", "durable-objects"],
  server: ["errors", "rules", "accounts", "platform", "worker"],
  cli: ["errors", "rules", "accounts", "platform", "worker", "server"],
};

/** The rooms where the rules of sync stand: tested without any platform, usable on any. */
const pure = ["errors", "changeset", "merge", "protocol", "rules", "store", "session"];
const platforms = /^(?:cloudflare:|node:|@cloudflare\/|hono(?:\/|$)|drizzle-|miniflare|wrangler)/;

/** More lines than this are more than one thing. */
const mostLines = 600;

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  /** What it imports, types included: paths below `src` for files of ours, specifiers for packages. */
  readonly imports: readonly string[];
}

const importPattern = /^(?:import|export)\s(?:[^"';]*?\sfrom\s)?"([^"]+)"|\bimport\("([^"]+)"\)/gm;

const importsOf = (path: string, text: string): string[] =>
  [...text.matchAll(importPattern)].map(([, fixed, lazy]) => {
    const specifier = fixed ?? lazy ?? "";
    return specifier.startsWith(".") ? normalize(join(dirname(path), specifier)) : specifier;
  });

const files: readonly SourceFile[] = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => {
    const text = readFileSync(join(source, path), "utf8");
    return { path, room: path.split("/")[0] ?? "", text, imports: importsOf(path, text) };
  });
const byPath = new Map(files.map((file) => [file.path, file]));

/** The files of one circle of imports that begins and ends at this file; undefined when none leads back. */
const circleFrom = (start: SourceFile): readonly string[] | undefined => {
  const cameFrom = new Map<string, string>();
  const pending = [start.path];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    for (const next of byPath.get(path)?.imports ?? []) {
      if (next === start.path) {
        const circle = [next, path];
        for (let before = cameFrom.get(path); before !== undefined; before = cameFrom.get(before)) circle.push(before);
        return circle.toReversed();
      }
      if (!byPath.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, path);
      pending.push(next);
    }
  }
  return undefined;
};

describe("the house", () => {
  it("is read: its files, and what they import", () => {
    expect(files.length).toBeGreaterThan(300);
    expect(byPath.get("merge/merge.ts")?.imports).toContain("merge/types.ts");
    expect(byPath.get("durable-objects/partition.ts")?.imports).toContain("cloudflare:workers");
  });

  it("has arrows between its rooms that run one way", () => {
    const wrong = files.flatMap(({ path, room, imports }) =>
      imports
        .filter((target) => byPath.has(target))
        .map((target) => ({ target, to: byPath.get(target)?.room ?? "" }))
        .filter(({ to }) => to !== room && mayImport[room]?.includes(to) !== true)
        .map(({ target }) => `${path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
    // The list itself draws no circle: every room stands above all that it may import.
    const floors = Object.keys(mayImport);
    for (const [room, below] of Object.entries(mayImport)) {
      for (const other of below) expect(floors.indexOf(other), `${room} -> ${other}`).toBeLessThan(floors.indexOf(room));
    }
  });

  it("knows all its rooms", () => {
    expect([...new Set(files.map(({ room }) => room))].toSorted()).toEqual(Object.keys(mayImport).toSorted());
    const described = readFileSync(new URL("../../docs/architecture.md", import.meta.url), "utf8");
    expect(Object.keys(mayImport).filter((room) => !described.includes(`\n  ${room}/ `))).toEqual([]);
  });

  it("keeps the platform out of the rooms where the rules of sync stand", () => {
    const wrong = files
      .filter(({ room }) => pure.includes(room))
      .flatMap(({ path, imports }) => imports.filter((target) => platforms.test(target)).map((target) => `${path} -> ${target}`));
    expect(wrong).toEqual([]);
  });

  it("has no circles of files in the rooms of sync, not even of types", () => {
    const rooms = [...pure, "platform", "durable-objects", "server"];
    const circles = files.filter(({ room }) => rooms.includes(room)).flatMap((file) => circleFrom(file)?.join(" -> ") ?? []);
    expect(circles).toEqual([]);
  });

  it(`has no file of more than ${mostLines} lines`, () => {
    expect(files.filter(({ text }) => text.split("\n").length > mostLines).map(({ path }) => path)).toEqual([]);
  });

  it("lets the compiler see everything: no any, no silenced errors", () => {
    const silencing = /@ts-(?:ignore|expect-error|nocheck)|lint-disable\S* typescript/;
    const anything = /(?::|\bas|<|\|)\s*any\s*(?:$|[;,)=\]}>|&[{])/m;
    const withoutComments = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    const wrong = files.filter(({ text }) => silencing.test(text) || anything.test(withoutComments(text)));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it("joins every family of errors in the catalogue", () => {
    const names = files.filter(({ room }) => room === "errors").flatMap(({ text }) => [...text.matchAll(/export const (\w+Errors)\b/g)]);
    const joined = byPath.get("errors/catalogue.ts")?.text ?? "";
    expect(names.length).toBe(catalogue.length);
    for (const [, name] of names) expect(joined).toContain(`errors: ${name},`);
  });
});

import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { fileStart } from "../../../src/cli/check/finding.ts";
import { checkRealmFolder } from "../../../src/cli/check/realms.ts";
import { checkSigningKeys } from "../../../src/cli/check/signing-keys.ts";
import { readVariables } from "../../../src/cli/check/variables.ts";
import { checkWrangler } from "../../../src/cli/check/wrangler.ts";
import { Findings, type Position } from "../../../src/rules/config/diagnostic.ts";
import { parseRules } from "../../../src/rules/config/parse-rules.ts";
import { goodDeployment, type Files } from "./support/deployment.ts";

/** Reads one kind of file and says where it found something. */
type Reader = (text: string) => readonly Position[] | Promise<readonly Position[]>;

const readers: Readonly<Record<string, Reader>> = {
  "wrangler.toml": (text) => {
    const findings = new Findings();
    checkWrangler(text, { exists: () => true }, findings);
    return findings.all.map(({ at }) => at);
  },
  ".dev.vars": async (text) => {
    const findings = new Findings();
    const variables = readVariables(text, findings);
    const keys = variables.get("SIGNING_KEYS");
    if (keys !== undefined) await checkSigningKeys(keys.value, keys.valueAt, findings);
    return findings.all.map(({ at }) => at);
  },
  "rules/users.json": (text) => parseRules(text).diagnostics.map(({ at }) => at),
  "rules/shop.json": (text) => parseRules(text).diagnostics.map(({ at }) => at),
  "iam/realms.yaml": (text) => checkRealmFolder([{ path: "realms.yaml", text }]).map(({ at }) => at),
};

/** Damages a text: removes a stretch, repeats one, or puts something in that means something to one of the parsers. */
const damage = fc.record({
  at: fc.nat({ max: 10_000 }),
  length: fc.nat({ max: 12 }),
  kind: fc.constantFrom("remove", "repeat", "insert"),
  text: fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom("{", "}", "[", "]", '"', "'", "\n", "\r\n", "#", "=", ":", "//", "/*", "%%", "$", "\u0000", "\ud800", "&a", "*a", "- "),
  ),
});

const damaged = (
  text: string,
  { at, length, kind, text: added }: { readonly at: number; readonly length: number; readonly kind: string; readonly text: string },
): string => {
  const from = at % (text.length + 1);
  const stretch = text.slice(from, from + length);
  if (kind === "remove") return text.slice(0, from) + text.slice(from + length);
  return text.slice(0, from) + (kind === "repeat" ? stretch : added) + text.slice(from);
};

describe("damaged files", () => {
  let good: Files = {};
  beforeAll(async () => {
    good = await goodDeployment();
  });

  it.each(Object.entries(readers))("%s: whatever is damaged, the reader ends, and points into the file", async (name, read) => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        const text = damages.reduce(damaged, good[name] ?? "");
        // The YAML parser takes a lone \r for the end of a line as well.
        const lines = text.split(/\r\n|\n|\r/);
        for (const { line, column } of await read(text)) {
          found += 1;
          expect(line).toBeGreaterThanOrEqual(fileStart.line);
          expect(line).toBeLessThanOrEqual(lines.length + 1);
          expect(column).toBeGreaterThanOrEqual(fileStart.column);
          expect(column).toBeLessThanOrEqual(Math.max(...lines.map((each) => each.length)) + 2);
        }
      }),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(50);
  });

  it("bounds what is nested", () => {
    const findings = new Findings();
    checkWrangler(`a = ${"[".repeat(50_000)}${"]".repeat(50_000)}`, { exists: () => true }, findings);
    expect(findings.all.map(({ code }) => code)).toEqual(["NestedTooDeeply"]);
  });
});

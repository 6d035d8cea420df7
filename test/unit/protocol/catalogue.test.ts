import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { renderErrors } from "../../../scripts/docs/render-errors.ts";
import { catalogue } from "../../../src/errors/catalogue.ts";

const room = new URL("../../../src/errors/", import.meta.url);
const families = readdirSync(room).filter((file) => file.endsWith(".ts") && file !== "entry.ts" && file !== "catalogue.ts");

const isFamily = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.values(value).length > 0 &&
  Object.values(value).every((entry: unknown) => typeof entry === "object" && entry !== null && "explanation" in entry);

describe("the error catalogue", () => {
  it.each(families)("joins the families of src/errors/%s", async (file) => {
    const module: Readonly<Record<string, unknown>> = await import(new URL(file, room).href);
    const found = Object.values(module).filter(isFamily);
    expect(found.length).toBeGreaterThan(0);
    for (const family of found) expect(catalogue.map(({ errors }) => errors)).toContain(family);
  });

  it("explains every error, and tells clients one sentence", () => {
    const entries = catalogue.flatMap(({ errors }) => Object.entries(errors));
    expect(entries.length).toBeGreaterThan(100);
    for (const [name, { message, explanation, status }] of entries) {
      expect([name, message.length > 5, explanation.length > 20, Number.isInteger(status)]).toEqual([name, true, true, true]);
    }
  });

  it("is what docs/errors.md says; `node scripts/docs/errors.ts` writes it", async () => {
    const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
    expect(await renderErrors(catalogue)).toBe(page);
  });
});

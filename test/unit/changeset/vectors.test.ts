import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { linesOf } from "../../../scripts/vectors/lines.ts";
import { Replay } from "../../../scripts/vectors/replay.ts";
import { Report } from "../../../scripts/vectors/report.ts";

const sampleFolder = join(import.meta.dirname, "../../vectors");
/** Where whole files are, if they are at hand; the samples are replayed in any case. */
const wholeFolder = process.env["REEVE_VECTORS"];

async function replay(path: string): Promise<{ report: Report; printed: string[] }> {
  const printed: string[] = [];
  const report = new Report((line) => printed.push(line));
  const steps = new Replay(["reference", "corrected"]);
  let number = 0;
  for await (const line of linesOf(path)) report.add(`${path}:${++number}`, steps.line(line));
  return { report, printed };
}

const filesIn = (folder: string): string[] => readdirSync(folder).filter((name) => /\.jsonl(\.gz)?$/.test(name));

describe("samples of the golden vectors", () => {
  it.each(filesIn(sampleFolder))("%s", async (name) => {
    const { report, printed } = await replay(join(sampleFolder, name));
    expect(printed).toEqual([]);
    expect(report).toMatchObject({ failed: 0 });
    expect(report.passed).toBeGreaterThan(20);
  });
});

describe.skipIf(wholeFolder === undefined)("whole golden vectors", () => {
  it.each(wholeFolder === undefined ? [] : filesIn(wholeFolder))("%s", { timeout: 120_000 }, async (name) => {
    const { report, printed } = await replay(join(wholeFolder ?? "", name));
    expect(printed).toEqual([]);
    expect(report.failed).toBe(0);
    expect(report.passed + report.skipped).toBeGreaterThan(0);
  });
});

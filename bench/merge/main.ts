import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { applyCases } from "./apply-cases.ts";
import { type Case, measure, type Measurement } from "./measure.ts";
import { codecCases, mergeCases } from "./merge-cases.ts";

// What decoding, encoding, merging and applying cost, and how the cost grows. `npm run bench:merge [-- PART-OF-A-NAME]`

const nameWidth = 84;
const wanted = process.argv[2] ?? "";
const cases: readonly (() => Case)[] = [...codecCases, ...mergeCases, ...applyCases];

const results: Measurement[] = [];
console.log(header());
for (const make of cases) {
  const one = make();
  if (!one.name.includes(wanted)) continue;
  const result = measure(one);
  results.push(result);
  console.log(line(result));
}
for (const growth of growths(results)) console.log(growth);

const folder = new URL("../results/", import.meta.url);
mkdirSync(folder, { recursive: true });
const machine = { node: process.version, cpu: cpus()[0]?.model, cores: availableParallelism() };
writeFileSync(new URL("merge.json", folder), `${JSON.stringify({ machine, results }, undefined, 2)}\n`);

function header(): string {
  return `${"case".padEnd(nameWidth)} ${"median".padStart(10)} ${"p95".padStart(10)} ${"instr/s".padStart(12)} ${"MB/s".padStart(8)} ${"samples".padStart(8)}`;
}

function line({ name, median, p95, instructionsPerSecond, bytesPerSecond, samples }: Measurement): string {
  const rate = Math.round(instructionsPerSecond).toLocaleString("en").padStart(12);
  const bytes = (bytesPerSecond === undefined ? "" : (bytesPerSecond / 1e6).toFixed(1)).padStart(8);
  return `${name.padEnd(nameWidth)} ${`${median.toFixed(3)} ms`.padStart(10)} ${`${p95.toFixed(3)} ms`.padStart(10)} ${rate} ${bytes} ${String(samples).padStart(8)}`;
}

/** Cases that come in two sizes, ten times apart, and differ in nothing else. */
function* growths(measured: readonly Measurement[]): Generator<string> {
  const byShape = Map.groupBy(measured, ({ name }) => name.replaceAll(/\d[\d,]*/g, "#"));
  for (const group of byShape.values()) {
    for (const small of group) {
      const large = group.find(({ instructions }) => instructions === small.instructions * 10);
      if (large !== undefined) yield `10 × size costs ${(large.median / small.median).toFixed(1)} ×: ${large.name}`;
    }
  }
}

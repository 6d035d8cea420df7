import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { cases, type Finding } from "./cases.ts";
import { startServers } from "./servers.ts";
import { round } from "./statistics.ts";

// What the service does over the real protocol, through the gateway, beside what the bare platform does in the same run.
// npm run bench [-- --only a,b] [--seconds 3]

const { values } = parseArgs({ options: { only: { type: "string" }, seconds: { type: "string", default: "3" } } });
const seconds = Number(values.seconds);
const wanted = new Set((values.only ?? cases.map(({ letter }) => letter).join(",")).split(","));
const unknown = [...wanted].filter((letter) => !cases.some((one) => one.letter === letter));
if (unknown.length > 0 || !(seconds > 0)) {
  console.error(`Usage: npm run bench -- [--only ${cases.map(({ letter }) => letter).join(",")}] [--seconds N]`);
  process.exit(2);
}

const rateText = (rate: { perSecond: number; p50: number; p99: number } | undefined): string =>
  rate === undefined ? "–" : `${rate.perSecond.toLocaleString("en")}/s  ${rate.p50}/${rate.p99} ms`;

const ratioOf = ({ acknowledged, deliveries, bare }: Finding): number | undefined => {
  const ours = deliveries ?? acknowledged;
  return ours === undefined || bare === undefined ? undefined : round(ours.perSecond / bare.rate.perSecond);
};

console.log(`${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, Node ${process.version}; rates with p50/p99\n`);
const results = [];
const servers = await startServers();
for (const one of cases) {
  if (!wanted.has(one.letter)) continue;
  const memory = { beforeMiB: round(servers.memory(), 0) };
  const finding = await one.run(servers, seconds * 1000);
  const ratio = ratioOf(finding);
  const resident = { ...memory, afterMiB: round(servers.memory(), 0) };
  results.push({ ...one, run: undefined, ...finding, ratio, resident });
  console.log(`(${one.letter}) ${one.name}: ${one.question}`);
  if (finding.acknowledged) console.log(`    acknowledged  ${rateText(finding.acknowledged)}`);
  if (finding.deliveries) console.log(`    deliveries    ${rateText(finding.deliveries)}`);
  if (finding.bare)
    console.log(`    bare worker   ${rateText(finding.bare.rate)}  (${finding.bare.what})${ratio === undefined ? "" : `, ratio ${ratio}`}`);
  if (one.reference !== undefined) console.log(`    reference     ${one.reference.toLocaleString("en")}/s`);
  const notes = Object.entries(finding.notes).map(([name, value]) => `${name} ${value.toLocaleString("en")}`);
  if (notes.length > 0) console.log(`    ${notes.join(", ")}`);
  console.log(`    runtime       ${resident.beforeMiB} MiB resident before, ${resident.afterMiB} after`);
}
await servers.stop();

mkdirSync("bench/results", { recursive: true });
writeFileSync(
  "bench/results/sync.json",
  `${JSON.stringify({ at: new Date().toISOString(), cpu: cpus()[0]?.model, node: process.version, results }, null, 2)}\n`,
);
process.exit(0);

import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { linesOf } from "./lines.ts";

const usage = `node scripts/vectors/sample.ts [--bytes N] FOLDER FILE…

Writes a sample of each file of golden vectors into FOLDER: every n-th line, n chosen so that the sample has about N bytes (default
100000). Steps of one scenario belong together: every n-th scenario is taken whole. Lines that set up those behind them are always taken.`;

/** Lines that only mean something together: a whole scenario, otherwise a line by itself. */
interface Unit {
  readonly scenario: string | undefined;
  readonly always: boolean;
  readonly lines: string[];
}

async function unitsOf(path: string): Promise<Unit[]> {
  const units: Unit[] = [];
  for await (const line of linesOf(path)) {
    const scenario = /"scenario":\s?(\d+)/.exec(line)?.[1];
    const last = units.at(-1);
    if (scenario !== undefined && last?.scenario === scenario) last.lines.push(line);
    else units.push({ scenario, always: /"kind":\s?"meta"/.test(line), lines: [line] });
  }
  return units;
}

const sizeOf = (units: readonly Unit[]): number =>
  units.reduce((size, { lines }) => lines.reduce((sum, line) => sum + line.length + 1, size), 0);

async function sample(path: string, folder: string, bytes: number): Promise<void> {
  const units = await unitsOf(path);
  const step = Math.max(1, Math.ceil(sizeOf(units) / bytes));
  const taken = units.filter(({ always }, index) => always || index % step === 0);
  const target = join(folder, `${basename(path).replace(/\.jsonl(\.gz)?$/, "")}.sample.jsonl`);
  await writeFile(target, `${taken.flatMap(({ lines }) => lines).join("\n")}\n`);
  console.log(`${target}: 1 of ${step}, ${sizeOf(taken)} bytes`);
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { bytes: { type: "string", default: "100000" } } });
const [folder, ...files] = positionals;
const bytes = Number(values.bytes);
if (folder === undefined || files.length === 0 || !(bytes > 0)) {
  console.error(usage);
  process.exitCode = 2;
} else {
  await mkdir(folder, { recursive: true });
  for (const file of files) await sample(file, folder, bytes);
}

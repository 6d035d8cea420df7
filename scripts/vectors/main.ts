import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { linesOf } from "./lines.ts";
import type { Quirks } from "./merge.ts";
import { failed } from "./outcome.ts";
import { Replay } from "./replay.ts";
import { Report } from "./report.ts";

const usage = `npm run vectors -- [--quirks reference|corrected|both] FILE…

Replays files of golden vectors (JSON lines, gzip or plain) against the codec, the merge and the object store. The kind of a line is told by
its members. Exit status 0: nothing failed; 1: something did; 2: wrong usage.

--quirks   the merge's form: the reference's own, with which every line must match exactly; the corrected default, with which lines may
           differ where rules N6 and S5 are corrected; or both (default): a line must pass in each`;

function modesOf(option: string): readonly Quirks[] | undefined {
  if (option === "both") return ["reference", "corrected"];
  return option === "reference" || option === "corrected" ? [option] : undefined;
}

async function replayFile(path: string, modes: readonly Quirks[], report: Report): Promise<void> {
  const replay = new Replay(modes);
  let number = 0;
  for await (const text of linesOf(path)) {
    number++;
    const where = `${path}:${number}${nameOf(text)}`;
    try {
      report.add(where, replay.line(text));
    } catch (error) {
      report.add(where, failed(`raised ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`));
    }
  }
}

/** What a line calls itself, if it does. */
function nameOf(text: string): string {
  const name = /"(?:name|note|id)":\s?("(?:[^"\\]|\\.){0,120}|\d+)/.exec(text)?.[1];
  return name === undefined ? "" : ` ${name.replace('"', "")}`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { quirks: { type: "string", default: "both" } } });
  const modes = modesOf(values.quirks);
  if (modes === undefined || positionals.length === 0) {
    console.error(usage);
    return 2;
  }
  const missing = positionals.filter((path) => !existsSync(path));
  if (missing.length > 0) {
    console.error(`no such file: ${missing.join(", ")}`);
    return 2;
  }
  const report = new Report(console.log);
  for (const path of positionals) await replayFile(path, modes, report);
  report.summarise();
  return report.failed === 0 ? 0 : 1;
}

process.exitCode = await main();

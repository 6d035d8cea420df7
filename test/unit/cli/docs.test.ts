import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { renderCli } from "../../../scripts/docs/render-cli.ts";
import { program } from "../../../src/cli/program.ts";
import { processTerminal } from "../../../src/cli/terminal.ts";

it("docs/cli.md is what the command definitions say (node scripts/docs/cli.ts)", async () => {
  const page = await readFile(new URL("../../../docs/cli.md", import.meta.url), "utf8");
  expect(page).toBe(await renderCli(program(processTerminal())));
});

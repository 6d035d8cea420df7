import { writeFileSync } from "node:fs";
import { program } from "../../src/cli/program.ts";
import { processTerminal } from "../../src/cli/terminal.ts";
import { renderCli } from "./render-cli.ts";

// Writes the reference page of the command line: `node scripts/docs/cli.ts`.
writeFileSync(new URL("../../docs/cli.md", import.meta.url), await renderCli(program(processTerminal())));

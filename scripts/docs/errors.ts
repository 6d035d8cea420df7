import { writeFileSync } from "node:fs";
import { catalogue } from "../../src/errors/catalogue.ts";
import { renderErrors } from "./render-errors.ts";

// Writes the reference page from the catalogue: `node scripts/docs/errors.ts`.
writeFileSync(new URL("../../docs/errors.md", import.meta.url), await renderErrors(catalogue));

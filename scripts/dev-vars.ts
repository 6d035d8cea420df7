// Makes `.dev.vars`, the secrets of `wrangler dev`, when it is missing. `npm start` keeps its own in the state folder.
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../src/server/bundle.ts";
import { makeAdminToken, makeSigningKeys } from "../src/server/secrets.ts";

const path = join(projectRoot, ".dev.vars");
if (!existsSync(path)) {
  const lines = [`SIGNING_KEYS='${await makeSigningKeys()}'`, `ADMIN_TOKEN='${makeAdminToken()}'`, "LOG_LEVEL=debug"];
  await writeFile(path, `${lines.join("\n")}\n`, { mode: 0o600 });
  console.log("New secrets for local development are in .dev.vars");
}

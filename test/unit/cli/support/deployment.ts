import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { workerOptions } from "../../../../src/server/worker-options.ts";
import { makeAdminToken, makeSigningKeys } from "../../../../src/server/secrets.ts";

/** Files of a deployment by their names. */
export type Files = Readonly<Record<string, string>>;

const objects: readonly (readonly [string, { readonly className: string }])[] = Object.entries(workerOptions.durableObjects);

/** Bindings of other objects than partitions, behind all that mistakes are made in. */
const otherObjects = objects
  .filter(([name]) => name !== "PARTITIONS")
  .map(([name, { className }]) => `\n[[durable_objects.bindings]]\nname = "${name}"\nclass_name = "${className}"\n`)
  .join("");

/** A deployment in which nothing is wrong, with secrets made for it. */
export const goodDeployment = async (): Promise<Files> => ({
  "src/worker/index.ts": "export {};\n",
  "migrations/0000_accounts.sql": "SELECT 1;\n",
  "functions/canRead.js": "exports = () => true;\n",
  "wrangler.toml": `name = "reeve"
main = "src/worker/index.ts"
compatibility_date = "2026-07-30"
compatibility_flags = ["nodejs_compat"]

[[d1_databases]]
binding = "DB"
database_name = "reeve"
database_id = "6a4bfb5c-2f0e-4d8e-9d3c-d1d1d1d1d1d1"
migrations_dir = "migrations"

[[r2_buckets]]
binding = "BACKUPS"
bucket_name = "reeve-backups"

[[durable_objects.bindings]]
name = "PARTITIONS"
class_name = "Partition"

[[migrations]]
tag = "v1"
new_sqlite_classes = ${JSON.stringify(objects.map(([, { className }]) => className))}

[vars]
LOG_LEVEL = "info"
PUBLIC_ORIGIN = "https://sync.example.net"

[dev]
port = 9080
${otherObjects}`,
  ".dev.vars": `# Secrets of wrangler dev
SIGNING_KEYS='${await makeSigningKeys()}'
ADMIN_TOKEN='${makeAdminToken()}'
LOG_LEVEL=debug
`,
  "iam/realms.yaml": `realms:
  users:
    default: true
    providers:
      - password
`,
  "rules/users.json": `{
  // Who may see what.
  "flexible_sync": { "state": "enabled", "queryable_fields_names": ["owner_id", "status"] },
  "rules": {
    "Task": [
      {
        "name": "owner",
        "applyWhen": { "%%user.custom_data.plan": { "$in": ["pro", "team"] } },
        "read": { "owner_id": "%%user.id" },
        "write": { "$or": [{ "owner_id": "%%user.id" }, { "status": "open" }] }
      },
      { "name": "reader", "applyWhen": {}, "read": true, "write": false }
    ]
  },
  "defaultRoles": []
}
`,
  "rules/shop.json": `{
  "sync": {
    "state": "enabled",
    "database_name": "shop",
    "partition": {
      "key": "realm_id",
      "type": "string",
      "required": false,
      "permissions": {
        "read": { "%%true": { "%function": { "name": "canRead", "arguments": ["%%partition"] } } },
        "write": { "%%user.custom_data.writes": "%%partition" }
      }
    }
  }
}
`,
});

/** Writes the files into a folder that lives as long as `use` runs. */
export const withFiles = async (files: Files, use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "reeve-check-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      if (name === ".dev.vars") await chmod(path, 0o600);
    }
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

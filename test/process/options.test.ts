import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { projectRoot } from "../../src/server/bundle.ts";
import { parseOptions } from "../../src/server/options.ts";
import { workerOptions } from "../../src/server/worker-options.ts";
import { version } from "../../src/worker/version.ts";

test("without options the server listens on port 9080 of this machine alone and keeps its data in .reeve/state", () => {
  expect(parseOptions([])).toEqual({
    kind: "run",
    options: { host: "127.0.0.1", port: 9080, state: ".reeve/state", logLevel: "info", settings: {} },
  });
});

test("every option is taken", () => {
  const parameters =
    "--port 0 --host 0.0.0.0 --state /data --log detail --cert c.pem --key k.pem --set REALM_DELIMITER== --set REALM_REQUIRED=true".split(
      " ",
    );
  expect(parseOptions(parameters)).toEqual({
    kind: "run",
    options: {
      host: "0.0.0.0",
      port: 0,
      state: "/data",
      logLevel: "detail",
      settings: { REALM_DELIMITER: "=", REALM_REQUIRED: "true" },
      tls: { certificatePath: "c.pem", keyPath: "k.pem" },
    },
  });
});

test.each([
  [["--port", "http"], '--port takes a number from 0 to 65535, not "http"'],
  [["--port", "65536"], "--port takes"],
  [["--port", "-1"], "--port"],
  [["--log", "loud"], '--log takes one of all, trace, debug, detail, info, warn, error, fatal, off, not "loud"'],
  [["--cert", "c.pem"], "--cert and --key go together"],
  [["--state", ""], "may not be empty"],
  [["--set", "ADMIN_TOKEN=x"], "--set takes NAME=VALUE"],
  [["--set", "PUBLIC_ORIGIN"], "--set takes NAME=VALUE"],
  [["--prt", "1"], "--prt"],
  [["extra"], "extra"],
])("%j is refused with a message that names the mistake", (parameters, message) => {
  expect(parseOptions(parameters)).toMatchObject({ kind: "invalid", message: expect.stringContaining(message) });
});

/** What is compared of wrangler's reading of its file. */
interface WranglerConfig {
  readonly name: string;
  readonly compatibility_date: string;
  readonly compatibility_flags: readonly string[];
  readonly d1_databases: readonly { readonly binding: string; readonly database_name: string }[];
  readonly r2_buckets: readonly { readonly binding: string; readonly bucket_name: string }[];
  readonly durable_objects: { readonly bindings: readonly { readonly name: string; readonly class_name: string }[] };
  readonly migrations: readonly { readonly new_sqlite_classes?: readonly string[] }[];
}

test("the embedded server gives the Worker what wrangler.toml gives it", () => {
  const config: WranglerConfig = readConfig({ config: join(projectRoot, "wrangler.toml") });
  expect(workerOptions).toEqual({
    name: config.name,
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    d1Databases: Object.fromEntries(config.d1_databases.map(({ binding, database_name }) => [binding, database_name])),
    r2Buckets: Object.fromEntries(config.r2_buckets.map(({ binding, bucket_name }) => [binding, bucket_name])),
    durableObjects: Object.fromEntries(
      config.durable_objects.bindings.map(({ name, class_name }) => [name, { className: class_name, useSQLite: true }]),
    ),
  });
  const sqlite = config.migrations.flatMap(({ new_sqlite_classes: classes = [] }) => classes);
  expect(config.durable_objects.bindings.map(({ class_name }) => class_name).filter((name) => !sqlite.includes(name))).toEqual([]);
});

test("the version that is reported is the package's", async () => {
  const { version: released } = JSON.parse(await readFile(join(projectRoot, "package.json"), "utf8")) as { version: string };
  expect(version).toBe(released);
});

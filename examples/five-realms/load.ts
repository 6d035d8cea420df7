import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hashPassword } from "../../src/accounts/passwords.ts";
import { pushRealmFiles, readRealmFolder } from "../../src/server/realm-files.ts";
import { sizes, userOf, type ExampleRealm } from "./people.ts";

const usage = `Usage: node examples/five-realms/load.ts [--url http://127.0.0.1:9080] [--token-file .reeve/state/secrets/admin-token] [--users 10000]

Makes the five realms of this folder and 10,000 users in them. Everybody's password is ${"my-password"}. Doing it again adds nobody.`;

/** Users of one request. */
const batchSize = 80;

/** Requests under way at one time. */
const lanes = 2;

export interface LoadOptions {
  readonly url: string;
  readonly adminToken: string;
  /** How many users in all; they are spread as `sizes` says. */
  readonly users: number;
  /** The stored hash that every user gets. */
  readonly passwordHash: string;
  /** Called after each request with how many users have been sent so far. */
  readonly progress: (sent: number, total: number) => void;
}

export interface LoadReport {
  readonly realms: readonly string[];
  readonly created: number;
  /** Users who were there already. */
  readonly known: number;
}

interface Batch {
  readonly realm: ExampleRealm;
  readonly from: number;
  readonly to: number;
}

const planBatches = (users: number): readonly Batch[] =>
  Object.entries(sizes).flatMap(([name, size]): readonly Batch[] => {
    const realm = realmNames.find((known) => known === name);
    const count = Math.round((size * users) / 10_000);
    if (realm === undefined) return [];
    return Array.from({ length: Math.ceil(count / batchSize) }, (_, index) => ({
      realm,
      from: index * batchSize,
      to: Math.min((index + 1) * batchSize, count),
    }));
  });

const realmNames = ["office", "customers", "shops", "couriers", "franchise"] as const satisfies readonly ExampleRealm[];

interface ImportResult {
  readonly id?: string;
  readonly issues?: readonly { readonly field: string; readonly code: string; readonly message: string }[];
}

const isImportAnswer = (value: unknown): value is { readonly results: readonly ImportResult[] } =>
  typeof value === "object" && value !== null && "results" in value && Array.isArray(value.results);

/** Tries again when the connection breaks: what was made before is known then, and nobody is made twice. */
const post = async (url: string, init: RequestInit, triesLeft = 5): Promise<Response> => {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (triesLeft === 0) throw error;
    return post(url, init, triesLeft - 1);
  }
};

/** Sends one batch. Everybody in it must be made now or be known already. */
const send = async (
  { url, adminToken, passwordHash }: LoadOptions,
  { realm, from, to }: Batch,
): Promise<{ created: number; known: number }> => {
  const users = Array.from({ length: to - from }, (_, index) => ({ values: userOf(realm, from + index), passwordHash }));
  const response = await post(`${url}/api/v1/user-imports/${realm}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${adminToken}`, "Content-Type": "application/json" },
    body: JSON.stringify({ users }),
  });
  const answer: unknown = await response.json();
  if (!isImportAnswer(answer)) throw new Error(`${realm}: ${response.status} ${JSON.stringify(answer)}`);
  const refused = answer.results.filter(({ issues = [] }) => issues.some(({ code }) => code !== "uniqueness"));
  if (refused.length > 0) throw new Error(`${realm}: ${JSON.stringify(refused[0])}`);
  const created = answer.results.filter(({ id }) => id !== undefined).length;
  return { created, known: answer.results.length - created };
};

/** Applies the realm files of this folder and imports the users, a few requests at a time. */
export const load = async (options: LoadOptions): Promise<LoadReport> => {
  const files = (await readRealmFolder(join(import.meta.dirname, "iam"))) ?? [];
  const outcome = await pushRealmFiles(files, options.adminToken, (path, init) => fetch(`${options.url}${path}`, init));
  if (outcome.kind === "refused") throw new Error(outcome.problems.join("\n"));
  const batches = planBatches(options.users);
  const total = batches.reduce((sum, { from, to }) => sum + to - from, 0);
  let sent = 0;
  let created = 0;
  let known = 0;
  const waiting = [...batches];
  const work = async (): Promise<void> => {
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
      const result = await send(options, batch);
      created += result.created;
      known += result.known;
      sent += batch.to - batch.from;
      options.progress(sent, total);
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return { realms: realmNames, created, known };
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { url: { type: "string" }, "token-file": { type: "string" }, users: { type: "string" }, help: { type: "boolean" } },
  });
  if (values.help === true) return console.log(usage);
  const url = (values.url ?? "http://127.0.0.1:9080").replace(/\/+$/, "");
  const adminToken = (await readFile(values["token-file"] ?? ".reeve/state/secrets/admin-token", "utf8")).trim();
  const started = performance.now();
  const progress = (sent: number, total: number): void => {
    const seconds = (performance.now() - started) / 1000;
    const line = `${sent} of ${total} users, ${Math.round(sent / seconds)} a second`;
    if (process.stdout.isTTY) process.stdout.write(`\r${line}   `);
    else if (sent % 2000 < batchSize) console.log(line);
  };
  const report = await load({
    url,
    adminToken,
    users: Number(values.users ?? "10000"),
    passwordHash: await hashPassword("my-password"),
    progress,
  });
  console.log(
    `\n${report.created} users made in ${report.realms.length} realms, ${report.known} were there, ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
};

if (import.meta.main) await main();

import { randomBytes, scryptSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { load } from "../../examples/five-realms/load.ts";
import { nameOf } from "../../examples/five-realms/people.ts";
import { startServer } from "../../src/server/embedded.ts";

/**
 * How many people a server lets in a second with a name and a password, and how long they wait, with hashes of scrypt's cost as it is and
 * with next to none. What the difference shows is what passwords cost; the rest is the account store and the signing of tokens. The server is
 * the embedded one, with client and server on the same machine.
 */
const { values } = parseArgs({
  options: { users: { type: "string" }, seconds: { type: "string" }, lanes: { type: "string" }, out: { type: "string" } },
});
const users = Number(values.users ?? "1000");
const seconds = Number(values.seconds ?? "8");
const laneCounts = (values.lanes ?? "1,8").split(",").map(Number);

const password = "my-password";

/** A stored hash of this cost. */
const hashOf = (cost: number): string => {
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, 32, { N: cost, r: 8, p: 1, maxmem: 256 * cost * 8 + 2 ** 20 });
  return ["scrypt", cost, 8, 1, salt.toString("base64url"), key.toString("base64url")].join("$");
};

const routes = {
  "/api/Users/login": (name: string) => ({ username: `customers:${name}`, password }),
  "/api/client/v2.0/app/customers/auth/providers/local-userpass/login": (name: string) => ({ username: name, password }),
} as const;

type Route = keyof typeof routes;

interface Row {
  readonly route: Route;
  readonly scrypt: number;
  readonly lanes: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly signIns: number;
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;

const signIn = async (url: string, route: Route, index: number): Promise<number> => {
  const started = performance.now();
  const response = await fetch(`${url}${route}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(routes[route](nameOf.customers(index))),
  });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`a sign-in was answered with ${response.status}`);
  return performance.now() - started;
};

const measure = async (url: string, route: Route, scrypt: number, lanes: number): Promise<Row> => {
  const people = Math.floor(users * 0.8);
  const times: number[] = [];
  let next = 0;
  const run = async (end: number, record: boolean): Promise<void> => {
    while (performance.now() < end) {
      next += 1;
      const time = await signIn(url, route, next % people);
      if (record) times.push(time);
    }
  };
  const warm = performance.now() + 1000;
  await Promise.all(Array.from({ length: lanes }, () => run(warm, false)));
  const started = performance.now();
  await Promise.all(Array.from({ length: lanes }, () => run(started + seconds * 1000, true)));
  const elapsed = (performance.now() - started) / 1000;
  const sorted = times.toSorted((a, b) => a - b);
  return {
    route,
    scrypt,
    lanes,
    perSecond: times.length / elapsed,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    signIns: times.length,
  };
};

/** One cost of the hash: a server of its own, its users, and every route with every number of people at once. */
const measureCost = async (scrypt: number): Promise<readonly Row[]> => {
  const state = await mkdtemp(join(tmpdir(), "reeve-bench-"));
  const options = { host: "127.0.0.1", port: 0, state, logLevel: "off", settings: {} } as const;
  const server = await startServer(options, () => {});
  try {
    const url = server.url.href.replace(/\/$/, "");
    const adminToken = (await readFile(server.adminTokenPath, "utf8")).trim();
    await load({ url, adminToken, users, passwordHash: hashOf(scrypt), progress: () => {} });
    const rows: Row[] = [];
    for (const route of ["/api/Users/login", "/api/client/v2.0/app/customers/auth/providers/local-userpass/login"] as const) {
      for (const lanes of laneCounts) rows.push(await measure(url, route, scrypt, lanes));
    }
    return rows;
  } finally {
    await server.stop();
    await rm(state, { recursive: true, force: true, maxRetries: 5 });
  }
};

const rows = [...(await measureCost(16_384)), ...(await measureCost(2))];
const report = { takenAt: new Date().toISOString(), cores: availableParallelism(), node: process.version, users, seconds, rows };
if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(report, undefined, 2)}\n`);
console.log(`| route | scrypt N | at once | sign-ins/s | p50 ms | p99 ms |\n| --- | --- | --- | --- | --- | --- |`);
for (const { route, scrypt, lanes, perSecond, p50, p99 } of rows) {
  console.log(`| \`${route}\` | ${scrypt} | ${lanes} | ${perSecond.toFixed(0)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} |`);
}
// The runtime keeps sockets open that nobody waits for.
process.exit(0);

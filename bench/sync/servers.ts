import { readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { startServer } from "../../src/server/embedded.ts";

const here = dirname(fileURLToPath(import.meta.url));

/** What the cases need of the two servers of a run. */
export interface Servers {
  /** `ws://…/realm-sync?baas_at=…` of the service, for a signed-in user. */
  readonly syncUrl: string;
  /** `ws://…` of the bare worker; the path chooses what it does with a message (bare-worker.mjs). */
  readonly bareUrl: string;
  /** Resident memory of the service's runtime in MiB. */
  memory(): number;
  /** Processor time that the service's runtime has used, in milliseconds, on all cores. */
  processor(): number;
  stop(): Promise<void>;
}

const childrenOf = (parent: number): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1]) === parent;
      } catch {
        return false; // ended while the list was read
      }
    })
    .map(Number);

const residentMebibytes = (pid: number): number =>
  Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;

/** Clock ticks of user and system time; Linux counts a hundred a second. */
const processorMilliseconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

const signIn = async (origin: string): Promise<string> => {
  const answer = await fetch(`${origin}/api/client/v2.0/app/users/auth/providers/anon-user/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ provider: "anon-user" }),
  });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`sign-in answered ${answer.status}`);
  return token;
};

/** Starts the service as `npm start` does, on a new state folder on disk, and the bare worker beside it with storage of its own. */
export const startServers = async (): Promise<Servers> => {
  const folder = await mkdtemp(join(process.env["REEVE_BENCH_DIR"] ?? tmpdir(), "reeve-bench-"));
  const options = { host: "127.0.0.1", port: 0, state: join(folder, "state"), logLevel: "error", settings: {} } as const;
  const service = await startServer(options, (line) => console.error(line));
  const runtimes = childrenOf(process.pid);
  const bare = new Miniflare({
    name: "bare",
    modulesRoot: here,
    modules: [{ type: "ESModule", path: join(here, "bare-worker.mjs") }],
    compatibilityDate: "2026-07-30",
    durableObjects: { BARE: { className: "Bare", useSQLite: true } },
    defaultPersistRoot: join(folder, "bare"),
    cf: false,
    telemetry: { enabled: false },
  });
  const bareOrigin = await bare.ready;
  const origin = service.url.origin;
  const token = await signIn(origin);
  return {
    syncUrl: `${origin.replace(/^http/, "ws")}/api/client/v2.0/app/users/realm-sync?baas_at=${token}`,
    bareUrl: bareOrigin.origin.replace(/^http/, "ws"),
    memory: () => runtimes.reduce((sum, pid) => sum + residentMebibytes(pid), 0),
    processor: () => runtimes.reduce((sum, pid) => sum + processorMilliseconds(pid), 0),
    stop: async () => {
      await service.stop();
      await bare.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

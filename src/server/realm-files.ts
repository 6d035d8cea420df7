import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { RealmFile } from "../accounts/realm-files/diagnostic.ts";

/** The folder of realm files beside the project, applied when it is there. */
export const defaultRealmFolder = "iam";

/**
 * The realm files of a folder, by name; not those of folders in it. Undefined when there is no such folder.
 * @throws when the folder or a file cannot be read
 */
export const readRealmFolder = async (folder: string): Promise<readonly RealmFile[] | undefined> => {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const files = names.filter((name) => /\.ya?ml$/.test(name)).toSorted();
  return Promise.all(files.map(async (name) => ({ path: join(folder, name), text: await readFile(join(folder, name), "utf8") })));
};

const answer = z.union([
  z.object({ steps: z.array(z.object({ text: z.string() })) }),
  z.object({
    diagnostics: z.array(z.object({ file: z.string(), line: z.number(), column: z.number(), code: z.string(), message: z.string() })),
  }),
  z.object({ error: z.string() }),
]);

/** What came of applying files: the steps that were taken, or what is wrong, each in one line. */
export type Outcome =
  | { readonly kind: "applied"; readonly steps: readonly string[] }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/** Has a running server apply realm files. `post` sends to it. */
export const pushRealmFiles = async (
  files: readonly RealmFile[],
  adminToken: string,
  post: (path: string, init: { method: "POST"; headers: Record<string, string>; body: string }) => Promise<{ json(): Promise<unknown> }>,
): Promise<Outcome> => {
  const headers = { Authorization: `Bearer ${adminToken}`, "Content-Type": "application/json" };
  const response = await post("/api/v1/realm-files", { method: "POST", headers, body: JSON.stringify({ files }) });
  const read = answer.parse(await response.json());
  if ("steps" in read) return { kind: "applied", steps: read.steps.map(({ text }) => text) };
  if ("error" in read) return { kind: "refused", problems: [read.error] };
  const problems = read.diagnostics.map(({ file, line, column, code, message }) => `${file}:${line}:${column} ${code} ${message}`);
  return { kind: "refused", problems };
};

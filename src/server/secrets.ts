import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";

/** The Worker's secrets as kept in the state folder, each in a file that only its owner reads. */
export interface LocalSecrets {
  /** `{"keys":[…]}`: private ES256 JWKs, the first signs. */
  readonly signingKeys: string;
  readonly adminToken: string;
  readonly adminTokenPath: string;
}

/** Reads the file, or writes what `make` gives: whole or not at all, and never over another, so two processes that start together agree. */
const readOrCreate = async (path: string, make: () => Promise<string>): Promise<string> => {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${await make()}\n`, { mode: 0o600 });
  try {
    await link(draft, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await unlink(draft);
  }
  return (await readFile(path, "utf8")).trim();
};

/** A new key pair for ES256 in the form of the secret `SIGNING_KEYS`. */
export const makeSigningKeys = async (): Promise<string> => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: randomBytes(8).toString("hex"), alg: "ES256", use: "sig" };
  return JSON.stringify({ keys: [key] });
};

/** A new admin token: 256 random bits. */
export const makeAdminToken = (): string => randomBytes(32).toString("base64url");

/** The secrets of a state folder, made at its first use. */
export const loadSecrets = async (state: string): Promise<LocalSecrets> => {
  const folder = join(state, "secrets");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const adminTokenPath = join(folder, "admin-token");
  return {
    signingKeys: await readOrCreate(join(folder, "signing-keys.json"), makeSigningKeys),
    adminToken: await readOrCreate(adminTokenPath, async () => makeAdminToken()),
    adminTokenPath,
  };
};

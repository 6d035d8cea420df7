import { createPrivateKey, sign } from "node:crypto";
import { z } from "zod";
import { HttpError } from "../../errors/http.ts";
import { OutgoingError } from "../outbox/outgoing.ts";
import { readConfig, readInput } from "./input.ts";
import { revealSecret } from "./openid/provider.ts";
import type { SignInAttempt, SignInOutcome, SignInProvider } from "./provider.ts";

const credentials = z.object({ token: z.string().min(1).max(4096) });

const name = z.string().regex(/^[A-Za-z0-9._-]{1,255}$/);

const common = {
  container: name,
  environment: z.enum(["development", "production"]).default("development"),
  endpoint: z.url({ protocol: /^https?$/ }).default("https://api.apple-cloudkit.com"),
};

/**
 * Settings of `cloudkit`, one of two ways to prove who somebody is.
 *
 * With `apiToken` (the name of the secret with an API token of the container), the client sends the web auth token that
 * `CKFetchWebAuthTokenOperation` gave it. With `keyId` and `privateKey` (the name of the secret with the PEM text of the server-to-server
 * key), the client writes a record of type `recordType` whose field `proof` is the SHA-256, in hex, of a fresh secret, and sends
 * `recordName.secret`: CloudKit itself notes who created a record. A record's name alone proves nothing, since others can read it.
 */
export const cloudKitConfig = z.union([
  z.object({ ...common, apiToken: z.string().min(1).max(255) }),
  z.object({
    ...common,
    keyId: z.string().regex(/^[0-9a-fA-F]{1,128}$/),
    privateKey: z.string().min(1).max(255),
    recordType: name.default("SignIn"),
  }),
]);

type CloudKitConfig = z.output<typeof cloudKitConfig>;
type KeyConfig = Extract<CloudKitConfig, { keyId: string }>;
type TokenConfig = Extract<CloudKitConfig, { apiToken: string }>;

/** The longest time between writing the record and signing in with it, in milliseconds. */
const recordLife = 10 * 60_000;

const caller = z.object({ userRecordName: z.string().min(1).max(255) });
const records = z.object({
  records: z
    .array(
      z.object({
        recordType: z.string(),
        fields: z.object({ proof: z.object({ value: z.string() }) }),
        created: z.object({ timestamp: z.number(), userRecordName: z.string().min(1).max(255) }),
      }),
    )
    .length(1),
});

const refused: SignInOutcome = { kind: "refused", code: "AuthError", message: "CloudKit did not accept the token", counts: true };

const pathOf = ({ container, environment }: CloudKitConfig, what: string): string =>
  `/database/1/${container}/${environment}/public/${what}`;

/** The answer's JSON; undefined when CloudKit refuses. */
const ask = async (attempt: SignInAttempt, url: URL, request?: Parameters<SignInAttempt["outgoing"]>[1]): Promise<unknown> => {
  try {
    const response = await attempt.outgoing(url, request);
    if (response.status >= 500 || response.status === 429) throw new HttpError("ProviderUnavailable");
    return response.ok ? await response.json() : undefined;
  } catch (error) {
    if (error instanceof OutgoingError || error instanceof SyntaxError) throw new HttpError("ProviderUnavailable");
    throw error;
  }
};

const verifyWebToken = async (attempt: SignInAttempt, config: TokenConfig, token: string): Promise<string | undefined> => {
  const url = new URL(pathOf(config, "users/caller"), config.endpoint);
  url.searchParams.set("ckAPIToken", await revealSecret(attempt.accounts, config.apiToken));
  url.searchParams.set("ckWebAuthToken", token);
  const answer = caller.safeParse(await ask(attempt, url));
  return answer.success ? answer.data.userRecordName : undefined;
};

const base64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes)));

const sha256 = (text: string): Promise<ArrayBuffer> => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));

/** The headers of a server-to-server request: ECDSA over date, hash of the body, and path. */
const signRequest = async (attempt: SignInAttempt, config: KeyConfig, path: string, body: string): Promise<Record<string, string>> => {
  const date = new Date(attempt.now).toISOString().replace(/\.\d+Z$/, "Z");
  const pem = await revealSecret(attempt.accounts, config.privateKey);
  try {
    const signature = sign(
      "sha256",
      new TextEncoder().encode(`${date}:${base64(await sha256(body))}:${path}`),
      createPrivateKey(pem),
    ).toString("base64");
    return {
      "Content-Type": "application/json",
      "X-Apple-CloudKit-Request-KeyID": config.keyId,
      "X-Apple-CloudKit-Request-ISO8601Date": date,
      "X-Apple-CloudKit-Request-SignatureV1": signature,
    };
  } catch {
    throw new HttpError("ProviderMisconfigured");
  }
};

const verifyRecord = async (attempt: SignInAttempt, config: KeyConfig, token: string): Promise<string | undefined> => {
  const at = token.lastIndexOf(".");
  const recordName = token.slice(0, Math.max(at, 0));
  const secret = token.slice(at + 1);
  if (recordName === "" || secret.length < 32) return undefined;
  const path = pathOf(config, "records/lookup");
  const body = JSON.stringify({ records: [{ recordName }] });
  const request = { method: "POST", headers: await signRequest(attempt, config, path, body), body };
  const answer = records.safeParse(await ask(attempt, new URL(path, config.endpoint), request));
  const record = answer.success ? answer.data.records[0] : undefined;
  if (record === undefined || record.recordType !== config.recordType) return undefined;
  const age = attempt.now - record.created.timestamp;
  const proof = Array.from(new Uint8Array(await sha256(secret)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return Math.abs(age) <= recordLife && record.fields.proof.value === proof ? record.created.userRecordName : undefined;
};

/** `cloudkit`: a user of iCloud, by the record name that the app's container knows them by. */
export const cloudKitProvider: SignInProvider = {
  type: "cloudkit",
  config: cloudKitConfig,
  onByDefault: false,
  secondFactor: "asked",
  accountName: () => undefined,
  verify: async (attempt) => {
    const { token } = readInput(credentials, attempt.credentials);
    const config = readConfig(cloudKitConfig, "cloudkit", attempt.config);
    const subject = "apiToken" in config ? await verifyWebToken(attempt, config, token) : await verifyRecord(attempt, config, token);
    return subject === undefined ? refused : { kind: "identity", identity: { subject, profile: {}, data: {} } };
  },
};

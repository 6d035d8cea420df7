import { calculateJwkThumbprint, importJWK, SignJWT, jwtVerify, type JWK } from "jose";
import { Findings, type Position } from "../../rules/config/diagnostic.ts";
import { readJsonSource, type JsonNode, type JsonObjectNode } from "../../rules/config/json-source.ts";

const remedy = "Make fresh keys: npm run --silent keys";
const maxKeys = 16;

type Add = (code: Parameters<Findings["add"]>[0], at: Position, message: string, suggestion?: string) => void;

const shift = (at: Position, base: Position): Position =>
  at.line === 1 ? { line: base.line, column: base.column + at.column - 1 } : { line: base.line + at.line - 1, column: at.column };

/**
 * Checks the secret SIGNING_KEYS: its form, the algorithm, that every key has a name of its own, and that both halves of each belong
 * together. Messages name members and kids and never quote a key.
 * @param base where the secret begins in its file
 */
export const checkSigningKeys = async (secret: string, base: Position, findings: Findings): Promise<void> => {
  const add: Add = (code, at, message, suggestion) => findings.add(code, shift(at, base), message, suggestion);
  const reading = new Findings();
  const source = readJsonSource(secret, reading);
  for (const { at } of reading.all)
    add("SigningKeysMalformed", at, "SIGNING_KEYS is not JSON from here on, or names a member twice.", remedy);
  if (source === undefined) return;
  const list = source.kind === "object" ? memberOf(source, "keys") : undefined;
  if (list?.kind !== "array") {
    add("SigningKeysMalformed", source.at, 'SIGNING_KEYS is {"keys":[…]}.', remedy);
    return;
  }
  if (list.items.length === 0 || list.items.length > maxKeys) {
    add("SigningKeysMalformed", list.at, `There are ${list.items.length} keys; 1 to ${maxKeys} belong here.`, remedy);
  }
  const names = new Set<string>();
  for (const [index, item] of list.items.slice(0, maxKeys).entries()) await checkKey(item, index, names, add);
};

const memberOf = (node: JsonObjectNode, name: string): JsonNode | undefined => node.members.find((member) => member.name === name)?.value;

const textOf = (node: JsonObjectNode, name: string): string | undefined => {
  const value = memberOf(node, name);
  return value?.kind === "string" && value.value !== "" ? value.value : undefined;
};

const checkKey = async (node: JsonNode, index: number, names: Set<string>, add: Add): Promise<void> => {
  if (node.kind !== "object") {
    add("SigningKeysMalformed", node.at, `Key ${index + 1} is no JWK: an object belongs here.`, remedy);
    return;
  }
  const kid = textOf(node, "kid");
  const title = kid === undefined ? `Key ${index + 1}` : `Key "${kid}"`;
  if (kid !== undefined && names.has(kid))
    add("SigningKeyNameTaken", memberOf(node, "kid")?.at ?? node.at, `Another key is called "${kid}", too.`);
  if (kid !== undefined) names.add(kid);
  const wrong = (["kty", "crv", "alg"] as const).find((name) => {
    const expected = { kty: "EC", crv: "P-256", alg: "ES256" }[name];
    const written = memberOf(node, name);
    return written === undefined ? name !== "alg" : textOf(node, name) !== expected;
  });
  if (wrong !== undefined) {
    add(
      "SigningKeyAlgorithm",
      memberOf(node, wrong)?.at ?? node.at,
      `${title} is not for ES256: its ${wrong} must be ${{ kty: "EC", crv: "P-256", alg: "ES256" }[wrong]}.`,
      remedy,
    );
    return;
  }
  const missing = (["kid", "x", "y", "d"] as const).find((name) => textOf(node, name) === undefined);
  if (missing !== undefined) {
    add(
      "SigningKeysMalformed",
      memberOf(node, missing)?.at ?? node.at,
      `${title} has no ${missing}${missing === "d" ? ": only its public half is here" : ""}.`,
      remedy,
    );
    return;
  }
  const problem = await pairProblem(
    { kty: "EC", crv: "P-256", x: textOf(node, "x") ?? "", y: textOf(node, "y") ?? "" },
    textOf(node, "d") ?? "",
  );
  if (problem !== undefined) add("SigningKeyMismatch", node.at, `${title}: ${problem}.`, remedy);
};

/** Signs and verifies once: the one proof that private and public half are a pair. */
const pairProblem = async (publicHalf: JWK & { readonly kty: "EC" }, d: string): Promise<string | undefined> => {
  const verifying = await importJWK(publicHalf, "ES256").catch(() => undefined);
  if (verifying === undefined) return "its public half is no point on the curve";
  const mismatch = "its public half does not belong to its private half";
  const signing = await importJWK({ ...publicHalf, d }, "ES256").catch(() => undefined);
  if (signing === undefined) return mismatch;
  const token = await new SignJWT({ of: await calculateJwkThumbprint(publicHalf) }).setProtectedHeader({ alg: "ES256" }).sign(signing);
  return jwtVerify(token, verifying).then(
    () => undefined,
    () => mismatch,
  );
};

import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { openAccounts } from "../../../src/accounts/accounts.ts";
import { parseRealmName } from "../../../src/accounts/ids.ts";
import { app } from "../../../src/worker/app.ts";
import conversation from "../../seeds/loopback/conversation.jsonl?raw";

/** One exchange with LoopBack 3.28's own user model; `ours` where Reeve answers otherwise on purpose, and why. */
interface Exchange {
  readonly config: { readonly realmRequired: boolean; readonly realmDelimiter: string };
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Text is sent as it stands. */
  readonly body?: unknown;
  readonly authorization?: string;
  readonly status: number;
  readonly response: unknown;
  readonly ours?: { readonly status: number; readonly response: unknown; readonly why: string };
}

const exchanges: readonly Exchange[] = conversation
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

/** What `$user1`, `$token1` stand for, learnt from the answers. */
const learnt = new Map<string, string>();

const replace = (text: string): string => text.replace(/\$(user|token)\d+/g, (name) => learnt.get(name) ?? name);

/** Compares an answer with what is expected of it and learns the values behind new names. */
const matches = (expected: unknown, actual: unknown): unknown => {
  if (typeof expected === "string" && expected.startsWith("$")) {
    if (typeof actual !== "string") return expected;
    if (expected === "$time") return Number.isNaN(Date.parse(actual)) ? expected : actual;
    if (!learnt.has(expected)) learnt.set(expected, actual);
    return learnt.get(expected);
  }
  if (typeof expected === "string") return expected.replace(/ \/1\//, () => ` /${learnt.get("$user1")}/`);
  if (typeof expected !== "object" || expected === null || Array.isArray(expected)) return expected;
  const members = typeof actual === "object" && actual !== null ? new Map(Object.entries(actual)) : new Map<string, unknown>();
  return Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, matches(value, members.get(key))]));
};

const send = async ({ config, method, path, body, authorization }: Exchange): Promise<{ status: number; json: unknown }> => {
  const settings = { ...env, REALM_REQUIRED: String(config.realmRequired), REALM_DELIMITER: config.realmDelimiter };
  const request = new Request(`http://reeve.test${replace(path)}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(authorization === undefined ? {} : { Authorization: replace(authorization) }),
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const answer = await app.fetch(request, settings, createExecutionContext());
  const text = await answer.text();
  return { status: answer.status, json: text === "" ? null : JSON.parse(text) };
};

describe("the conversation with LoopBack's user model, replayed", async () => {
  for (const name of ["myRealm", "other"]) {
    const realm = parseRealmName(name);
    if (realm !== undefined) await openAccounts(env.DB).realms.create({ name: realm });
  }

  it("holds all exchanges", () => expect(exchanges).toHaveLength(56));

  it.each(exchanges)("$name", async (exchange) => {
    const { status, response } = exchange.ours ?? exchange;
    const answer = await send(exchange);
    expect({ status: answer.status, response: answer.json }).toEqual({ status, response: matches(response, answer.json) });
  });
});

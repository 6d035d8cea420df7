import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RealmAccounts } from "../../../src/accounts/accounts.ts";
import { openDatabase } from "../../../src/accounts/database.ts";
import { deliverDue, deliveryPauses, signWebhook } from "../../../src/accounts/outbox/delivery.ts";
import { createOutgoing } from "../../../src/accounts/outbox/outgoing.ts";
import { createSignInWorld, type SignInWorld } from "./support.ts";

const webhook = { url: "https://mail.example.org/hook", secret: `whsec_${btoa("0123456789abcdef0123456789abcdef")}` };

let world: SignInWorld;
let realm: RealmAccounts;
let received: { readonly id: string; readonly body: string }[] = [];
let status = 204;

/** The receiver: a server behind the same rules as any other. */
const outgoing = createOutgoing({ permittedHosts: [] }, async (_url, { headers, body }) => {
  received.push({ id: new Headers(headers).get("webhook-id") ?? "", body: String(body) });
  return new Response(null, { status });
});

const run = () => deliverDue(openDatabase(env.DB), webhook, outgoing, world.now);

const send = (lifeSeconds = 86_400) =>
  realm.outbox.send({
    channel: "email",
    recipient: "kim@example.org",
    template: "sign-in-code",
    parameters: { code: "123456" },
    lifeSeconds,
  });

beforeAll(async () => {
  world = await createSignInWorld();
  realm = await world.realm({ name: "posting" });
});

beforeEach(async () => {
  received = [];
  status = 204;
  for (const { id } of await realm.outbox.pending(200)) await realm.outbox.delivered(id);
});

describe("delivering", () => {
  test("forgets a message that was taken, with the secret in it", async () => {
    await send();
    expect(await run()).toEqual({ delivered: 1, failed: 0 });
    expect(received).toHaveLength(1);
    expect(await realm.outbox.pending()).toEqual([]);
  });

  test("tries again after growing pauses, under the same id, and gives up in the end", async () => {
    status = 503;
    await send(7 * 86_400);
    const start = world.now();
    for (const pause of deliveryPauses) {
      world.pass(start + pause - world.now());
      expect(await run()).toEqual({ delivered: 0, failed: 1 });
      expect(await run()).toEqual({ delivered: 0, failed: 0 });
    }
    world.pass(86_400_000);
    expect(await run()).toEqual({ delivered: 0, failed: 0 });
    expect(new Set(received.map(({ id }) => id)).size).toBe(1);
    expect(received).toHaveLength(deliveryPauses.length);
  });

  test("by several at once sends each message once", async () => {
    for (let index = 0; index < 5; index += 1) await send();
    const reports = await Promise.all([run(), run(), run()]);
    expect(reports.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(5);
    expect(received).toHaveLength(5);
  });

  test("leaves out what has expired", async () => {
    await send(60);
    world.pass(61_000);
    expect(await run()).toEqual({ delivered: 0, failed: 0 });
  });
});

test("the signature is the one of Standard Webhooks, as its own library makes it", async () => {
  const at = new Date(world.now());
  const expected = new Webhook(webhook.secret).sign("msg_1", at, '{"a":1}');
  expect(await signWebhook(webhook.secret, "msg_1", Math.floor(at.getTime() / 1000), '{"a":1}')).toBe(expected);
});

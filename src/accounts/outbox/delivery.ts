import { and, asc, eq, gt, lt, sql } from "drizzle-orm";
import { bytesToBase64Url } from "../bytes.ts";
import type { Database } from "../database.ts";
import type { OutboxMessage } from "../repositories/journal.ts";
import { outbox } from "../schema.ts";
import { OutgoingError, type Outgoing } from "./outgoing.ts";

/** Where messages to people go in production: an HTTP endpoint that sends mail and SMS. */
export interface Webhook {
  readonly url: string;
  /** Signs every request (Standard Webhooks); at least 24 random bytes as base64. */
  readonly secret: string;
}

/** Tries to deliver one message, and the pause before each in milliseconds since it was made. A message that expires first is given up. */
export const deliveryPauses = [0, 2_000, 10_000, 60_000, 300_000, 1_800_000, 7_200_000] as const;

/** Messages that one run takes. */
const batchSize = 20;

/** A message as it is shown and delivered. `parameters` holds links and codes. */
export const describeMessage = ({ id, realm, channel, recipient, template, parameters, createdAt, expiresAt }: OutboxMessage) => ({
  id,
  realm,
  channel,
  recipient,
  template,
  parameters,
  created_at: new Date(createdAt).toISOString(),
  expires_at: new Date(expiresAt).toISOString(),
});

const toBase64 = (bytes: Uint8Array): string => {
  const text = bytesToBase64Url(bytes).replaceAll("-", "+").replaceAll("_", "/");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
};

/** The signature of a request: HMAC-SHA256 over id, seconds and body, as Standard Webhooks has it. */
export const signWebhook = async (secret: string, id: string, seconds: number, body: string): Promise<string> => {
  const bytes = Uint8Array.from(atob(secret.replace(/^whsec_/, "")), (character) => character.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signed = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${id}.${seconds}.${body}`));
  return `v1,${toBase64(new Uint8Array(signed))}`;
};

const post = async (message: OutboxMessage, webhook: Webhook, outgoing: Outgoing, now: number): Promise<boolean> => {
  const body = JSON.stringify(describeMessage(message));
  const seconds = Math.floor(now / 1000);
  const headers = {
    "Content-Type": "application/json",
    "webhook-id": message.id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": await signWebhook(webhook.secret, message.id, seconds, body),
  };
  try {
    const { ok } = await outgoing(webhook.url, { method: "POST", headers, body });
    return ok;
  } catch (error) {
    if (error instanceof OutgoingError) return false;
    throw error;
  }
};

/** What one run of the delivery did. */
export interface DeliveryReport {
  readonly delivered: number;
  readonly failed: number;
}

/**
 * Delivers what is due, of all realms, oldest first. Each message is claimed before it is sent, so that two runs at once send it once; the
 * receiver may still see one twice, when its answer was lost, and knows it by `webhook-id`.
 */
export const deliverDue = async (
  database: Database,
  webhook: Webhook,
  outgoing: Outgoing,
  clock: () => number,
): Promise<DeliveryReport> => {
  const now = clock();
  const pause = sql`(case ${outbox.tries} ${sql.join(
    deliveryPauses.map((milliseconds, tries) => sql`when ${tries} then ${milliseconds}`),
    sql` `,
  )} else null end)`;
  const isDue = and(gt(outbox.expiresAt, now), lt(outbox.tries, deliveryPauses.length), sql`${outbox.createdAt} + ${pause} <= ${now}`);
  const due = await database.select().from(outbox).where(isDue).orderBy(asc(outbox.createdAt), asc(outbox.id)).limit(batchSize);
  let delivered = 0;
  let failed = 0;
  for (const message of due) {
    const claimed = await database
      .update(outbox)
      .set({ tries: message.tries + 1 })
      .where(and(eq(outbox.id, message.id), eq(outbox.tries, message.tries)))
      .returning({ id: outbox.id });
    if (claimed.length === 0) continue;
    if (await post(message, webhook, outgoing, clock())) {
      await database.delete(outbox).where(eq(outbox.id, message.id));
      delivered += 1;
    } else {
      failed += 1;
    }
  }
  return { delivered, failed };
};

/** Messages of all realms that are still worth delivering, newest first: the mailbox of development. */
export const listMessages = (database: Database, now: number, limit = 100): Promise<readonly OutboxMessage[]> =>
  database
    .select()
    .from(outbox)
    .where(gt(outbox.expiresAt, now))
    .orderBy(sql`${outbox.createdAt} desc`, sql`${outbox.id} desc`)
    .limit(limit);

import { createMiddleware } from "hono/factory";
import { bytesToHex } from "../../accounts/bytes.ts";
import { ManagementError } from "../../errors/management.ts";
import type { ManagementHono } from "./context.ts";
import { actorOf } from "./principal.ts";

const lifeSeconds = 24 * 60 * 60;

const hash = async (text: string): Promise<string> =>
  bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));

/**
 * Gives the first answer again to a request that is repeated with its `Idempotency-Key`. Keys are kept for the path's realm, or the default
 * one, and are each caller's own. Refusals and faults are not kept: such a request may be sent again.
 */
export const onceOnly = createMiddleware<ManagementHono>(async (context, next) => {
  const given = context.req.header("Idempotency-Key");
  if (given === undefined) return next();
  const { accounts, principal } = context.var;
  const { idempotency } = context.var.inRealm ?? accounts.inRealm((await accounts.realms.default()).name);
  const key = await hash(`${actorOf(principal)}\n${given}`);
  const requestHash = await hash(`${context.req.method} ${context.req.path}\n${await context.req.text()}`);
  const state = await idempotency.begin(key, requestHash, lifeSeconds);
  switch (state.kind) {
    case "under way":
      throw new ManagementError("RequestUnderWay");
    case "mismatch":
      throw new ManagementError("IdempotencyKeyReused");
    case "done":
      return context.body(state.body, state.status === 200 ? 200 : 201, {
        "Content-Type": "application/json",
        "Idempotency-Replayed": "true",
      });
    case "first": {
      let kept = false;
      try {
        await next();
        if (context.error === undefined && context.res.ok) {
          await idempotency.finish(key, context.res.status, await context.res.clone().text());
          kept = true;
        }
      } finally {
        if (!kept) await idempotency.abandon(key);
      }
      return undefined;
    }
  }
});

import { Hono } from "hono";
import { describeFault, openDatabase } from "../../accounts/database.ts";
import { equalInConstantTime } from "../../accounts/bytes.ts";
import { describeMessage, listMessages } from "../../accounts/outbox/delivery.ts";
import { HttpError } from "../../errors/http.ts";
import { answerError } from "../app-services/answers.ts";
import { demandUser } from "../app-services/authenticate.ts";
import { limitBody } from "../app-services/body.ts";
import { cors, demandOrigin } from "../app-services/cors.ts";
import { openRequest, type AppServicesContext, type AppServicesHono, type AppServicesOptions } from "../app-services/index.ts";
import { openPorts } from "../app-services/routes.ts";
import { createLog, parseLogSetting } from "../../platform/logging.ts";
import { webhookOf } from "../outbox.ts";
import { ownSessions } from "./me.ts";
import { callbackRoutes } from "./redirect.ts";
import { ownSecondFactor, secondFactorSteps } from "./second-factor.ts";
import { signInSteps } from "./sign-in.ts";

const digest = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

/** Demands the operator's token; takes as long for a near miss as for any other. */
const demandAdminToken = async (context: AppServicesContext): Promise<void> => {
  const { ADMIN_TOKEN: expected } = context.env;
  const given = (context.req.header("Authorization") ?? "").replace(/^bearer /i, "");
  const same = equalInConstantTime(await digest(given), await digest(expected));
  if (!same || expected === "") throw new HttpError("MissingAuthReq");
};

/** The mailbox of development: messages that no webhook takes. They hold links and codes. */
const mailbox = new Hono<AppServicesHono>().get("/outbox", async (context) => {
  await demandAdminToken(context);
  if (webhookOf(context.env) !== undefined) throw new HttpError("OutboxDelivers");
  const messages = await listMessages(openDatabase(context.env.DB), Date.now());
  context.header("Cache-Control", "no-store");
  return context.json({ messages: messages.map(describeMessage) });
});

/** Places of these routes below their prefix; other families live beside them. */
const places = ["/realms/:realm/sign-in/*", "/sign-in/*", "/me/*", "/outbox"] as const;

/** Signing in by every provider, and what users do with their own sign-ins (docs/sign-in.md); to be mounted at `/api/v1`. */
export const createSignIn = (options: Pick<AppServicesOptions, "open" | "fault">): Hono<AppServicesHono> => {
  const router = new Hono<AppServicesHono>();
  router.onError(answerError);
  for (const place of places) router.use(place, cors, openRequest(options), limitBody);
  router.use("/realms/:realm/sign-in/*", async (context, next) => {
    const name = context.req.param("realm");
    const realm = await context.var.ports.accounts.realms.findByAppId(name);
    if (realm === undefined) throw new HttpError("RealmNotFound");
    demandOrigin(context, realm);
    context.set("realm", realm);
    await next();
  });
  router.use("/me/*", demandUser);
  router.route("/", secondFactorSteps);
  router.route("/", signInSteps);
  router.route("/", callbackRoutes);
  router.route("/", ownSessions);
  router.route("/", ownSecondFactor);
  router.route("/", mailbox);
  return router;
};

/** The same over the Worker's own bindings. */
export const signInApi = createSignIn({
  open: openPorts,
  fault: (error, requestId) => {
    createLog(parseLogSetting(undefined), "http").log("error", "a request failed", { requestId, reason: describeFault(error) });
  },
});

import { Hono } from "hono";
import { z } from "zod";
import { chooseNumber, numberOfLink, type NumberChoice } from "../../accounts/providers/magic-numbers.ts";
import { providerTypeOf } from "../../accounts/providers/registry.ts";
import { selectRealm } from "../../accounts/realm-selection.ts";
import { linkIdentity, startSignIn, type SignInRequest } from "../../accounts/sign-in.ts";
import { HttpError } from "../../errors/http.ts";
import { identify } from "../app-services/authenticate.ts";
import { readBody } from "../app-services/body.ts";
import { originOf, type AppServicesContext, type AppServicesHono } from "../app-services/ports.ts";
import { addressOf, describeSignedIn, device } from "../app-services/sign-in.ts";
import { answerSignIn, page } from "./answers.ts";
import { authorise } from "./redirect.ts";

const credentials = z.record(z.string().max(255), z.unknown()).default({});
const body = z.object({ credentials, device: device.optional(), answer: z.enum(["tokens", "ticket"]).default("tokens") });

/** Where a browser stands in the path, as `/sign-in/google` or `/sign-in/custom/token-lookup`. */
const base = "/realms/:realm/sign-in";
const providerPath = `${base}/:provider{custom/[^/]+|[^/]+}`;

const readRequest = async (context: AppServicesContext) => {
  const { credentials: sent, device: described, answer } = await readBody(context, body);
  const provider = providerTypeOf(context.req.param("provider") ?? "");
  if (provider === undefined) throw new HttpError("AuthProviderNotFound");
  const { ports, realm: addressed } = context.var;
  const { username } = sent;
  const isNamed = typeof username === "string" && provider !== "custom-function";
  const selected = isNamed ? await selectRealm(ports.accounts, addressed, username) : { realm: addressed, name: "" };
  const request: SignInRequest = {
    realm: selected.realm,
    provider,
    credentials: isNamed ? { ...sent, username: selected.name } : sent,
    device: described?.description ?? {},
    deviceId: described?.id,
    address: addressOf(context),
  };
  return { request, answer };
};

const outcomes: Readonly<Record<NumberChoice, readonly [title: string, text: string]>> = {
  right: ["You are signed in", "Go back to the device where you began. You may close this page."],
  wrong: ["That was not the number", "The sign-in was ended. If you did not begin one, somebody else did: you need do nothing more."],
  expired: ["This link is no longer good", "The sign-in is over or was finished already. You may begin again."],
};

/** Signing in by any provider, in one step or two. */
export const signInSteps = new Hono<AppServicesHono>()
  .get(`${base}/numbers/:flow`, async (context) => {
    const { ports, realm } = context.var;
    const token = (context.req.query("token") ?? "").slice(0, 256);
    const number = await numberOfLink(ports.accounts.inRealm(realm.name), context.req.param("flow"), token);
    if (number === undefined) return page(context, 400, outcomes.expired[0], `<p>${outcomes.expired[1]}</p>`);
    const hidden = `<input type="hidden" name="token" value="${encodeURIComponent(token)}">`;
    const form = `<form method="post">${hidden}<button>My screen shows ${number}</button></form>`;
    return page(context, 200, "Does your screen show this number?", `<p>${number}</p>${form}`);
  })
  .post(`${base}/numbers/:flow`, async (context) => {
    const { ports, realm } = context.var;
    const token = new URLSearchParams(await context.req.text()).get("token")?.slice(0, 256) ?? "";
    const choice = await chooseNumber(ports.accounts.inRealm(realm.name), context.req.param("flow"), token);
    const [title, text] = outcomes[choice];
    return page(context, choice === "right" ? 200 : 400, title, `<p>${text}</p>`);
  })
  .get(`${providerPath}/authorise`, authorise)
  .post(`${providerPath}/start`, async (context) => {
    const { request } = await readRequest(context);
    const { ports, fault, requestId } = context.var;
    const { flow, expiresInSeconds, number, afterwards } = await startSignIn(ports, { ...request, origin: originOf(context) });
    context.executionCtx.waitUntil(afterwards().catch((error: unknown) => fault(error, requestId)));
    return context.json({
      status: "started",
      flow: flow.id,
      ...(flow.secret === undefined ? {} : { secret: flow.secret }),
      ...(number === undefined ? {} : { number }),
      expires_in: expiresInSeconds,
    });
  })
  .post(providerPath, async (context) => {
    const { request, answer } = await readRequest(context);
    const { ports } = context.var;
    if (context.req.query("link") !== "true") return context.json(await answerSignIn(ports, request, answer));
    const caller = await identify(context, "access");
    if (caller.realm.name !== request.realm.name) throw new HttpError("UserAppDomainMismatch");
    return context.json({ status: "signed-in", ...describeSignedIn(await linkIdentity(ports, request, caller.user)) });
  });

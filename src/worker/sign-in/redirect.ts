import { Hono, type Handler } from "hono";
import { getCookie } from "hono/cookie";
import * as oauth from "oauth4webapi";
import { z } from "zod";
import { openDatabase } from "../../accounts/database.ts";
import { isId } from "../../accounts/ids.ts";
import { findRealmOfFlow, type FlowState } from "../../accounts/providers/flows.ts";
import { readInput } from "../../accounts/providers/input.ts";
import { providerTypeOf } from "../../accounts/providers/registry.ts";
import type { AuthorisationRequest, RedirectSteps, SignInAttempt } from "../../accounts/providers/provider.ts";
import type { Realm } from "../../accounts/repositories/realms.ts";
import { attachIdentity, findProvider, type Proof, type SignInRequest } from "../../accounts/sign-in.ts";
import { HttpError } from "../../errors/http.ts";
import { identify } from "../app-services/authenticate.ts";
import { originOf, type AppServicesContext, type AppServicesHono, type AppServicesRouter } from "../app-services/ports.ts";
import { addressOf, device } from "../app-services/sign-in.ts";
import { answerSignIn, bindBrowser, boundCookie, callbackPath } from "./answers.ts";

/** How long somebody may take at the identity provider, in seconds. */
const redirectSeconds = 10 * 60;

const query = z.object({
  redirect: z.string().min(1).max(2048),
  state: z.string().max(1024).default(""),
  answer: z.enum(["tokens", "ticket"]).default("ticket"),
});

type RedirectFlow = FlowState<"redirect">;

/** SDKs for the web describe the device in base64 here. */
const readDevice = (encoded: string | undefined) => {
  if (encoded === undefined || encoded.length > 4096) return { description: {}, id: undefined };
  try {
    return device.parse(JSON.parse(atob(encoded)));
  } catch {
    return { description: {}, id: undefined };
  }
};

const attemptOf = (context: AppServicesContext, realm: Realm, config: SignInAttempt["config"]): SignInAttempt => {
  const { accounts, functions, outgoing } = context.var.ports;
  const address = addressOf(context);
  return { realm, accounts: accounts.inRealm(realm.name), config, credentials: {}, functions, outgoing, address, now: accounts.clock() };
};

interface Departure {
  readonly type: string;
  readonly redirect: string;
  readonly answer: RedirectFlow["answer"];
  readonly appState: string;
  readonly appId: string;
  readonly linkTo: string | null;
}

const demandRedirectSteps = (steps: RedirectSteps | undefined): RedirectSteps => {
  if (steps === undefined) throw new HttpError("BadRequest", "browsers cannot be sent to this provider");
  return steps;
};

/** Opens a flow for a browser that leaves for an identity provider, and gives the URL it goes to. */
const depart = async (
  context: AppServicesContext,
  realm: Realm,
  departure: Departure,
): Promise<{ url: URL; id: string; secret: string }> => {
  const { ports } = context.var;
  const accounts = ports.accounts.inRealm(realm.name);
  if (!realm.active) throw new HttpError("UserDisabled", "realm inactive");
  const { provider, config } = await findProvider(ports, accounts, departure.type);
  const steps = demandRedirectSteps(provider.redirect);
  if (!steps.allowedRedirects(config).includes(departure.redirect)) throw new HttpError("RedirectNotAllowed");
  const { description, id: deviceId } = readDevice(context.req.query("device"));
  const { type, ...rest } = departure;
  const nonce = oauth.generateRandomNonce();
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const state = { ...rest, provider: type, nonce, codeVerifier, device: description, ...(deviceId === undefined ? {} : { deviceId }) };
  const flow = await accounts.flows.open({ kind: "redirect", state, secret: "link", lifeSeconds: redirectSeconds });
  const request: AuthorisationRequest = { callback: `${originOf(context)}${callbackPath}`, state: flow.id, nonce, codeVerifier };
  return { url: await steps.authorise(attemptOf(context, realm, config), request), ...flow };
};

const demandType = (name: string): string => {
  const type = providerTypeOf(name);
  if (type === undefined) throw new HttpError("AuthProviderNotFound");
  return type;
};

/** Sends a browser to the identity provider: `GET …/sign-in/{provider}/authorise`. */
export const authorise: Handler<AppServicesHono> = async (context) => {
  const { redirect, state, answer } = readInput(query, context.req.query());
  const { realm } = context.var;
  const departure = {
    type: demandType(context.req.param("provider") ?? ""),
    redirect,
    answer,
    appState: state,
    appId: realm.name,
    linkTo: null,
  };
  const { url, ...flow } = await depart(context, realm, departure);
  bindBrowser(context, flow, false, redirectSeconds);
  context.header("Cache-Control", "no-store");
  return context.redirect(url.href, 302);
};

/** The way of SDKs for the web (app-services-api §12), for signing in and for linking. */
export const redirectSignInRoutes = (router: AppServicesRouter): void => {
  router.get("/app/:appId/auth/providers/:provider/login", async (context) => {
    const { redirect, state } = readInput(query, context.req.query());
    const { realm } = context.var;
    const links = context.req.query("link") === "true";
    const caller = links ? await identify(context, "access") : undefined;
    if (caller !== undefined && caller.realm.name !== realm.name) throw new HttpError("UserAppDomainMismatch");
    const { url, ...flow } = await depart(context, realm, {
      type: demandType(context.req.param("provider")),
      redirect,
      answer: "tokens",
      appState: state,
      appId: context.req.param("appId"),
      linkTo: caller?.user.id ?? null,
    });
    // The page asks by `fetch`, which cannot follow to another origin, and opens the address itself.
    const byHeader = context.req.query("providerRedirectHeader") === "true";
    bindBrowser(context, flow, byHeader, redirectSeconds);
    context.header("Cache-Control", "no-store");
    if (!byHeader) return context.redirect(url.href, 302);
    context.header("x-baas-location", url.href);
    return context.body(null, 204);
  });
};

type Fragment = Readonly<Record<string, string>>;

const ticketFragment = async (context: AppServicesContext, request: SignInRequest, flow: RedirectFlow, proof: Proof): Promise<Fragment> => {
  const answered = await answerSignIn(context.var.ports, request, "ticket", proof);
  if (answered.status === "second-factor") {
    return { state: flow.appState, challenge: answered.challenge, enrolment_required: String(answered.enrolment_required) };
  }
  return "ticket" in answered ? { state: flow.appState, ticket: answered.ticket } : { state: flow.appState };
};

const tokensFragment = async (context: AppServicesContext, request: SignInRequest, flow: RedirectFlow, proof: Proof): Promise<Fragment> => {
  const { ports } = context.var;
  const common = { _baas_client_app_id: flow.appId, _baas_state: flow.appState };
  if (flow.linkTo !== null) {
    const user = await ports.accounts.inRealm(request.realm.name).users.find(flow.linkTo);
    if (user === undefined) throw new HttpError("InvalidSession");
    await attachIdentity(ports, request, user, proof);
    return { ...common, _baas_link: "ok" };
  }
  const answered = await answerSignIn(ports, request, "tokens", proof);
  if (answered.status === "second-factor") throw new HttpError("SecondFactorRequired");
  if (!("access_token" in answered)) throw new Error("a session was not opened");
  const { access_token: access, refresh_token: refresh, user_id: userId, device_id: deviceId } = answered;
  return { ...common, _baas_ua: [access, refresh, userId, deviceId].join("$") };
};

const failureFragment = (flow: RedirectFlow, { code, message }: HttpError): Fragment =>
  flow.answer === "ticket"
    ? { state: flow.appState, error: message, error_code: code }
    : { _baas_client_app_id: flow.appId, _baas_state: flow.appState, _baas_error: message };

/** Receives a browser from the identity provider and sends it on to the app, which finds the outcome in the fragment. */
const arrive: Handler<AppServicesHono> = async (context) => {
  const parameters = new URL(context.req.url).searchParams;
  const id = parameters.get("state") ?? "";
  const { ports } = context.var;
  const realmName = isId(id) ? await findRealmOfFlow(openDatabase(context.env.DB), id) : undefined;
  const realm = realmName === undefined ? undefined : await ports.accounts.realms.find(realmName);
  // An answer that no flow of this browser asked for is sent nowhere.
  const secret = getCookie(context, boundCookie(id));
  const flow =
    realm === undefined || secret === undefined ? undefined : await ports.accounts.inRealm(realm.name).flows.redeem("redirect", id, secret);
  if (realm === undefined || flow === undefined) throw new HttpError("SignInStepExpired");
  const request: SignInRequest = {
    realm,
    provider: flow.provider,
    credentials: {},
    device: flow.device,
    deviceId: flow.deviceId,
    address: addressOf(context),
  };
  const answer = {
    callback: `${originOf(context)}${callbackPath}`,
    state: id,
    nonce: flow.nonce,
    codeVerifier: flow.codeVerifier,
    parameters,
  };
  const proof: Proof = (provider, attempt) => demandRedirectSteps(provider.redirect).complete(attempt, answer);
  const fragmentOf = flow.answer === "ticket" ? ticketFragment : tokensFragment;
  const fragment = await fragmentOf(context, request, flow, proof).catch((error: unknown) => {
    if (error instanceof HttpError) return failureFragment(flow, error);
    throw error;
  });
  context.header("Cache-Control", "no-store");
  context.header("Referrer-Policy", "no-referrer");
  return context.redirect(`${flow.redirect}#${new URLSearchParams(fragment).toString()}`, 302);
};

/** What identity providers may send back; nothing else is carried on. */
const returned = ["state", "code", "error", "error_description", "iss"] as const;

/** The callback of every redirect, in all realms. A form (Apple) is turned into a query, since cookies do not come with it. */
export const callbackRoutes = new Hono<AppServicesHono>().get("/sign-in/callback", arrive).post("/sign-in/callback", async (context) => {
  const form = new URLSearchParams(await context.req.text());
  const url = new URL(callbackPath, originOf(context));
  for (const name of returned) {
    const value = form.get(name);
    if (value !== null) url.searchParams.set(name, value);
  }
  return context.redirect(url.href, 303);
});

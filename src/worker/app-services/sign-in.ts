import { Hono } from "hono";
import { z } from "zod";
import { isId } from "../../accounts/ids.ts";
import { readInput } from "../../accounts/providers/input.ts";
import { selectRealm } from "../../accounts/realm-selection.ts";
import type { Realm } from "../../accounts/repositories/realms.ts";
import type { JsonObject } from "../../accounts/schema.ts";
import { linkIdentity, signIn, type SignedIn } from "../../accounts/sign-in.ts";
import { HttpError } from "../../errors/http.ts";
import { identify } from "./authenticate.ts";
import { readBody } from "./body.ts";
import type { AppServicesContext, AppServicesHono } from "./ports.ts";

const shortText = z.string().max(512);
const deviceId = z.union([z.string(), z.object({ $oid: z.string() }).transform(({ $oid }) => $oid)]);

/** Every generation of SDKs describes the device a little differently; whatever is no short text is left out. */
export const device = z.record(z.string().max(64), z.unknown()).transform((given) => {
  const known = Object.entries(given).flatMap(([key, value]) => {
    const read = shortText.safeParse(value);
    return read.success && key !== "deviceId" ? [[key, read.data] as const] : [];
  });
  const id = deviceId.safeParse(given["deviceId"]);
  return {
    description: Object.fromEntries(known.slice(0, 20)),
    id: id.success && isId(id.data) && !/^0+$/.test(id.data) ? id.data : undefined,
  };
});

const body = z.object({ options: z.object({ device: device.optional() }).optional() }).catchall(z.unknown());

/** What clients send to every provider but the realm's own function: the provider is repeated by some, and the realm may be named. */
const named = z.object({ provider: z.unknown().optional(), realm: z.string().max(255).optional() }).catchall(z.unknown());

/** The address that Cloudflare saw; nothing that a client can write itself. */
export const addressOf = (context: AppServicesContext): string | undefined => context.req.header("cf-connecting-ip");

/** The answer to a sign-in; all four are strings (app-services-api §3). */
export const describeSignedIn = ({ user, deviceId, accessToken, refreshToken }: SignedIn) => ({
  access_token: accessToken,
  refresh_token: refreshToken,
  user_id: user.id,
  device_id: deviceId,
});

/** The realm that is meant, and the credentials without what served to find it. */
const select = async (
  context: AppServicesContext,
  provider: string,
  sent: JsonObject,
): Promise<{ realm: Realm; credentials: JsonObject }> => {
  const { ports, realm: addressed } = context.var;
  // What an app sends to a function of its own is the app's, whatever it is called.
  if (provider === "custom-function") return { realm: addressed, credentials: sent };
  const { provider: _repeated, realm: property, ...credentials } = readInput(named, sent);
  const { username } = credentials;
  const hasName = provider === "local-userpass" && typeof username === "string";
  const selected = await selectRealm(ports.accounts, addressed, hasName ? username : "", property);
  return { realm: selected.realm, credentials: hasName ? { ...credentials, username: selected.name } : credentials };
};

/** Signing in and linking. The provider is the URL's, never the body's. */
export const signInRoutes = new Hono<AppServicesHono>().post("/app/:appId/auth/providers/:provider/login", async (context) => {
  const { options, ...sent } = await readBody(context, body);
  const { ports } = context.var;
  const provider = context.req.param("provider");
  const request = {
    ...(await select(context, provider, sent)),
    provider,
    device: options?.device?.description ?? {},
    deviceId: options?.device?.id,
    address: addressOf(context),
  };
  if (context.req.query("link") !== "true") return context.json(describeSignedIn(await signIn(ports, request)));
  const caller = await identify(context, "access");
  if (caller.realm.name !== request.realm.name) throw new HttpError("UserAppDomainMismatch");
  return context.json(describeSignedIn(await linkIdentity(ports, request, caller.user)));
});

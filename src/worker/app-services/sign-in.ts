import { Hono } from "hono";
import { z } from "zod";
import { isId } from "../../accounts/ids.ts";
import { selectRealm } from "../../accounts/realm-selection.ts";
import { linkIdentity, signIn, type SignedIn } from "../../accounts/sign-in.ts";
import { HttpError } from "../../errors/http.ts";
import { identify } from "./authenticate.ts";
import { readBody } from "./body.ts";
import type { AppServicesContext, AppServicesHono } from "./ports.ts";

const shortText = z.string().max(512);
const deviceId = z.union([z.string(), z.object({ $oid: z.string() }).transform(({ $oid }) => $oid)]);

/** Every generation of SDKs describes the device a little differently; whatever is no short text is left out. */
const device = z.record(z.string().max(64), z.unknown()).transform((given) => {
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

const body = z
  .object({
    options: z.object({ device: device.optional() }).optional(),
    provider: z.unknown().optional(),
    realm: z.string().max(255).optional(),
  })
  .catchall(z.unknown());

/** The address that Cloudflare saw; nothing that a client can write itself. */
export const addressOf = (context: AppServicesContext): string | undefined => context.req.header("cf-connecting-ip");

/** The answer to a sign-in; all four are strings (app-services-api §3). */
const describe = ({ user, deviceId, accessToken, refreshToken }: SignedIn) => ({
  access_token: accessToken,
  refresh_token: refreshToken,
  user_id: user.id,
  device_id: deviceId,
});

/** Signing in and linking. The provider is the URL's, never the body's. */
export const signInRoutes = new Hono<AppServicesHono>().post("/app/:appId/auth/providers/:provider/login", async (context) => {
  const { options, provider: _repeated, realm: property, ...rest } = await readBody(context, body);
  const { ports, realm: addressed } = context.var;
  const provider = context.req.param("provider");
  // Only names can carry a realm; a custom function gets a property `realm` as any other.
  const named = provider === "local-userpass" && typeof rest["username"] === "string" ? rest["username"] : undefined;
  const selected = named === undefined ? { realm: addressed, name: "" } : await selectRealm(ports.accounts, addressed, named, property);
  const credentials =
    named === undefined ? { ...rest, ...(property === undefined ? {} : { realm: property }) } : { ...rest, username: selected.name };
  const request = {
    realm: selected.realm,
    provider,
    credentials,
    device: options?.device?.description ?? {},
    deviceId: options?.device?.id,
    address: addressOf(context),
  };
  if (context.req.query("link") !== "true") return context.json(describe(await signIn(ports, request)));
  const caller = await identify(context, "access");
  if (caller.realm.name !== request.realm.name) throw new HttpError("UserAppDomainMismatch");
  return context.json(describe(await linkIdentity(ports, request, caller.user)));
});

import { Hono } from "hono";
import type { Identity } from "../../accounts/repositories/users.ts";
import { demandUser } from "./authenticate.ts";
import type { AppServicesHono } from "./ports.ts";

const describeIdentity = ({ id, provider, data }: Identity, providerIds: ReadonlyMap<string, string>, realmId: string) => ({
  id,
  provider_type: provider,
  provider_id: providerIds.get(provider) ?? realmId,
  provider_data: data,
});

/** Native SDKs read the picture under one name and those for the web under the other (app-services-api §4). */
const withPicture = (profile: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const picture = profile["picture"] ?? profile["picture_url"];
  return picture === undefined ? profile : { ...profile, picture, picture_url: picture };
};

/** The user's own data and identities. A sign-in fails on the device when this fails. */
export const profileRoutes = new Hono<AppServicesHono>().get("/auth/profile", demandUser, async (context) => {
  const { realm, accounts, user } = context.var.caller;
  const [identities, providers] = await Promise.all([accounts.users.identitiesOf(user.id), accounts.providers.list()]);
  const providerIds = new Map(providers.map(({ type, id }) => [type, id]));
  return context.json({
    user_id: user.id,
    domain_id: realm.id,
    type: user.type,
    identities: identities.map((identity) => describeIdentity(identity, providerIds, realm.id)),
    data: withPicture(user.profile),
  });
});

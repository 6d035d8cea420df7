import type { SignInAttempt, SignInOutcome } from "../providers/provider.ts";
import { RemoteEndpoint } from "./endpoint.ts";

/** Whether a realm's users live behind an endpoint. */
export const isRemote = ({ realm }: Pick<SignInAttempt, "realm">): boolean => realm.settings.remote !== null;

/**
 * Has the endpoint of a remote realm judge a name and password. Nothing of the person is kept but the endpoint's id. A user whom the endpoint
 * calls locked or inactive is refused as with a wrong password.
 */
export const verifyRemotely = async (attempt: SignInAttempt, name: string, password: string): Promise<SignInOutcome> => {
  const { accounts, realm, outgoing, now } = attempt;
  const endpoint = new RemoteEndpoint(accounts, realm, outgoing, () => now);
  const answer = await endpoint.ask({ operation: "verify", name, password });
  if (answer.kind !== "user" || answer.user["locked"] === true || answer.user["active"] === false) {
    return { kind: "refused", code: "InvalidPassword", counts: true };
  }
  return { kind: "identity", identity: { subject: answer.user.id, profile: {}, data: {} } };
};

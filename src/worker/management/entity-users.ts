import { openRealmUsers, type RealmUsers } from "../../accounts/entities/realm-users.ts";
import type { UserResult } from "../../accounts/entities/users.ts";
import type { User } from "../../accounts/repositories/users.ts";
import { ManagementError } from "../../errors/management.ts";
import { outgoingOf } from "../outbox.ts";
import type { ManagementContext } from "./context.ts";

/** The users of the path's realm as its entity describes them: whoever writes fields goes through it, never past it. */
export const entityUsersOf = (context: ManagementContext): Promise<RealmUsers> => {
  const { accounts, inRealm, realm } = context.var;
  return openRealmUsers(inRealm, realm, { outgoing: outgoingOf(context.env), clock: accounts.clock });
};

/** The user of a result, or a refusal that names each field that the entity does not accept. */
export const acceptedUser = (result: UserResult): User => {
  if (result.ok) return result.user;
  const problems = result.issues.map(({ field, message }) => ({ place: `body.fields.${field}`, problem: message }));
  const isTaken = result.issues.some(({ code }) => code === "uniqueness");
  const detail = problems.map(({ place, problem }) => `${place}: ${problem}`).join("; ");
  throw new ManagementError(isTaken ? "NameTaken" : "InputInvalid", { detail, problems });
};

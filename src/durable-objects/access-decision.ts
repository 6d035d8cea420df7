import type { AccessDecision, PartitionAccess } from "../session/ports.ts";
import type { Authorisation } from "./authorise-partition.ts";

export const noAccess: PartitionAccess = { mayRead: false, mayWrite: false, mayManage: false };

/**
 * What becomes of a user's open connections. Those whose user or sign-in is shut out were closed before, each for itself.
 * @param authorisation undefined for users whose rights were not in question, and for whoever connected while the store was asked
 */
export const decisionFor = (authorisation: Exclude<Authorisation, { kind: "shutOut" }> | undefined): AccessDecision => {
  switch (authorisation?.kind) {
    case undefined:
      return { kind: "keep" };
    case "access":
      return authorisation;
    case "denied":
      return { kind: "access", access: noAccess };
  }
};

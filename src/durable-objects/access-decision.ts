import type { AccessDecision, PartitionAccess } from "../session/ports.ts";
import type { Authorisation } from "../worker/authorise-partition.ts";

const noAccess: PartitionAccess = { mayRead: false, mayWrite: false, mayManage: false };

/**
 * What becomes of a user's open connections.
 * @param authorisation undefined for whoever connected while the store was asked, and was authorised just then
 */
export const decisionFor = (authorisation: Authorisation | undefined): AccessDecision => {
  switch (authorisation?.kind) {
    case undefined:
      return { kind: "keep" };
    case "access":
      return authorisation;
    case "denied":
      return { kind: "access", access: noAccess };
    case "shutOut":
      return { kind: "close", ...authorisation.close };
  }
};

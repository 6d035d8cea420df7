import { changesetErrors } from "./changeset.ts";
import { checkErrors } from "./check.ts";
import { cliErrors } from "./cli.ts";
import type { ErrorEntry } from "./entry.ts";
import { httpErrors } from "./http.ts";
import { loopbackErrors } from "./loopback.ts";
import { managementErrors } from "./management.ts";
import { mergeErrors } from "./merge.ts";
import { objectErrors } from "./objects.ts";
import { providerErrors } from "./providers.ts";
import { realmFileErrors } from "./realm-files.ts";
import { syncErrors, type SyncErrorEntry } from "./sync.ts";

/** One section of the reference page: errors that the same part of the service raises, and where their status is seen. */
export interface CatalogueSection {
  readonly title: string;
  /** For readers who met one of these: where it shows, and what its number means. */
  readonly introduction: string;
  readonly errors: Readonly<Record<string, ErrorEntry | SyncErrorEntry>>;
}

/** Every family of this room, in the order of the reference page. A file here that no section names fails the catalogue's test. */
export const catalogue: readonly CatalogueSection[] = [
  {
    title: "Sync protocol",
    introduction:
      "Sent to clients over the sync connection. The action decides what a client does; 100–199 end the connection, 200–299 concern one session.",
    errors: syncErrors,
  },
  {
    title: "Changesets",
    introduction: "Logged with the session they ended; the client is told the protocol's number.",
    errors: changesetErrors,
  },
  {
    title: "Merging",
    introduction: "Logged with the session they ended; the client is told the protocol's number.",
    errors: mergeErrors,
  },
  {
    title: "Objects",
    introduction: "Why a changeset does not apply to the partition's state. Logged with the session they ended.",
    errors: objectErrors,
  },
  {
    title: "HTTP",
    introduction: "Answered by the HTTP interface as `error_code`, with this status.",
    errors: httpErrors,
  },
  {
    title: "Signing in",
    introduction: "Answered as `error_code` by every way to sign in, with this status.",
    errors: providerErrors,
  },
  {
    title: "Realm files",
    introduction: "Found by `reeve check`, and answered with file, line and column when realm files are pushed.",
    errors: realmFileErrors,
  },
  {
    title: "LoopBack-style accounts",
    introduction: "Answered below `/api/Users` as `error.code` in LoopBack's form, with this status.",
    errors: loopbackErrors,
  },
  {
    title: "Command line",
    introduction: "Printed by `reeve`; the number is its exit status. 0 is success.",
    errors: cliErrors,
  },
  {
    title: "Check of a deployment",
    introduction: "Found by `reeve check` in the files of a deployment. 1 is an error, with which the check fails; 0 is a warning.",
    errors: checkErrors,
  },
  {
    title: "Management",
    introduction: "Answered under `/api/v1` as the `code` of a problem body (`application/problem+json`), with this status.",
    errors: managementErrors,
  },
];

import type { CommandGroup } from "../../command.ts";
import { operationCommand, type Operation } from "../../operation.ts";
import type { Terminal } from "../../terminal.ts";
import { applicationOperations, auditOperations, logLevelOperations, providerOperations, secretOperations } from "./catalogue.ts";
import { grantOperations, partitionOperations } from "./partitions.ts";
import { realmOperations } from "./realms.ts";
import { apiKeyOperations, sessionOperations, userOperations } from "./users.ts";

/** A kind of thing that a server holds, with what can be done to it. */
export interface Resource {
  readonly name: string;
  readonly description: string;
  readonly operations: readonly Operation[];
}

/** Everything that the management interface manages. A test holds each operation against its OpenAPI document. */
export const resources: readonly Resource[] = [
  { name: "realms", description: "Manage realms, each with users, providers and partitions of its own", operations: realmOperations },
  { name: "users", description: "Manage the users of a realm", operations: userOperations },
  { name: "sessions", description: "See and end users' sign-ins", operations: sessionOperations },
  { name: "api-keys", description: "Give users, and programs as users of type server, keys to sign in with", operations: apiKeyOperations },
  { name: "grants", description: "Decide who may do what with a partition", operations: grantOperations },
  { name: "partitions", description: "See partitions, their devices and objects", operations: partitionOperations },
  { name: "applications", description: "Manage App IDs that lead to a realm", operations: applicationOperations },
  { name: "providers", description: "Manage the ways to sign in", operations: providerOperations },
  { name: "secrets", description: "Write secrets that providers and functions use by name", operations: secretOperations },
  { name: "audit", description: "See what was done by whom", operations: auditOperations },
  { name: "log-level", description: "See and choose how much is logged while the service runs", operations: logLevelOperations },
];

export const resourceGroups = (terminal: Terminal): readonly CommandGroup[] =>
  resources.map(({ name, description, operations }) => ({
    name,
    description,
    commands: operations.map((operation) => operationCommand(operation, terminal)),
  }));

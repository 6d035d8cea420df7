import type { Operation } from "../../operation.ts";
import { logSettings } from "../../../platform/logging.ts";
import { bodyArgument, bodyJson, bodyText } from "./members.ts";

const provider = { provider: "The provider's type, such as local-userpass or anon-user" } as const;
const providerPath = "/realms/{realm}/providers/{provider}";

const switched = (name: string, enabled: boolean): Operation => ({
  name,
  description: `Switch a sign-in provider ${enabled ? "on" : "off"}; its settings stay`,
  method: "PUT",
  path: providerPath,
  positionals: provider,
  constant: { enabled },
  output: { kind: "record" },
});

/** Ways to sign in. */
export const providerOperations: readonly Operation[] = [
  {
    name: "list",
    description: "List the sign-in providers, those that are not configured included",
    method: "GET",
    path: "/realms/{realm}/providers",
    output: {
      kind: "table",
      paged: false,
      columns: [
        { title: "type", member: "type" },
        { title: "name", member: "name" },
        { title: "enabled", member: "enabled" },
        { title: "configured", member: "configured" },
        { title: "settings", member: "config" },
      ],
    },
  },
  switched("enable", true),
  switched("disable", false),
  {
    name: "configure",
    description: "Configure a sign-in provider; the settings are replaced as a whole",
    method: "PUT",
    path: providerPath,
    positionals: provider,
    members: {
      config: bodyJson("config", "The settings; secrets are named in them and kept with reeve secrets", true),
      name: bodyText("name", "How it is called", "NAME"),
    },
    output: { kind: "record" },
    examples: [{ line: `reeve providers configure local-userpass --config '{"autoConfirm": true}'`, does: "confirms new names at once" }],
  },
  {
    name: "reset",
    description: "Forget a provider's settings: it is then as Reeve brings it",
    method: "DELETE",
    path: providerPath,
    positionals: provider,
    output: { kind: "done", message: "{provider} is as Reeve brings it." },
    confirm: "Forget the settings of {provider}?",
  },
];

/** Values that providers and functions use by name. */
export const secretOperations: readonly Operation[] = [
  {
    name: "list",
    description: "List the names of the realm's secrets; no command gives a value back",
    method: "GET",
    path: "/realms/{realm}/secrets",
    output: {
      kind: "table",
      paged: false,
      columns: [
        { title: "name", member: "name" },
        { title: "id", member: "id" },
      ],
    },
  },
  {
    name: "set",
    description: "Write a secret: it is asked for, or read from standard input",
    method: "PUT",
    path: "/realms/{realm}/secrets/{secret}",
    positionals: { secret: "The name under which providers and functions use it" },
    members: {
      value: { in: "body", member: "value", reading: { as: "secret", question: "Value" }, description: "The value", required: true },
    },
    output: { kind: "done", message: "The secret {secret} is written." },
    examples: [{ line: "openssl rand -hex 32 | reeve secrets set jwt-key", does: "takes the value from another program" }],
  },
  {
    name: "delete",
    description: "Delete a secret",
    method: "DELETE",
    path: "/realms/{realm}/secrets/{secret}",
    positionals: { secret: "The secret's name" },
    output: { kind: "done", message: "The secret {secret} is deleted." },
    confirm: "Delete the secret {secret}?",
  },
];

/** Programs of a realm. */
export const applicationOperations: readonly Operation[] = [
  {
    name: "list",
    description: "List the realm's applications",
    method: "GET",
    path: "/realms/{realm}/applications",
    output: {
      kind: "table",
      paged: false,
      columns: [
        { title: "id", member: "id" },
        { title: "name", member: "name" },
        { title: "created", member: "createdAt" },
      ],
    },
  },
  {
    name: "create",
    description: "Make an application: its id may stand as the App ID in clients' URLs",
    method: "POST",
    path: "/realms/{realm}/applications",
    members: { id: bodyArgument("id", "The App ID"), name: bodyText("name", "How people call it", "NAME", true) },
    output: { kind: "record" },
    examples: [{ line: "reeve applications create shop-ios --name 'Shop for iOS'", does: "makes an App ID" }],
  },
  {
    name: "delete",
    description: "Delete an application; users and data stay with the realm",
    method: "DELETE",
    path: "/realms/{realm}/applications/{application}",
    positionals: { application: "The application's id" },
    output: { kind: "done", message: "The application {application} is deleted." },
    confirm: "Delete the application {application}?",
  },
];

const auditColumns = [
  { title: "at", member: "at" },
  { title: "realm", member: "realm" },
  { title: "actor", member: "actor" },
  { title: "action", member: "action" },
  { title: "target", member: "target" },
  { title: "detail", member: "detail" },
];

/** What was done by whom. */
export const auditOperations: readonly Operation[] = [
  {
    name: "realm",
    description: "List what was done by whom in a realm, newest first",
    method: "GET",
    path: "/realms/{realm}/audit",
    output: { kind: "table", paged: true, columns: auditColumns },
  },
  {
    name: "all",
    description: "List what was done by whom in all realms, newest first",
    method: "GET",
    path: "/audit",
    output: { kind: "table", paged: true, columns: auditColumns },
  },
];

const levelPath = "/logs/level";

/** How much is logged. */
export const logLevelOperations: readonly Operation[] = [
  { name: "get", description: "Show how much is logged", method: "GET", path: levelPath, output: { kind: "record" } },
  {
    name: "set",
    description: "Choose how much is logged, from now on until it is reset",
    method: "PUT",
    path: levelPath,
    members: {
      level: {
        in: "body",
        member: "level",
        reading: { as: "choice", of: logSettings },
        description: "The level and everything graver",
        required: true,
      },
    },
    output: { kind: "record" },
    examples: [{ line: "reeve log-level set --level debug", does: "logs more, everywhere within seconds" }],
  },
  {
    name: "reset",
    description: "Go back to the setting LOG_LEVEL",
    method: "PUT",
    path: levelPath,
    constant: { level: null },
    output: { kind: "record" },
  },
];

import type { Operation } from "../../operation.ts";
import { bodyArgument, bodyJson, bodySwitch, bodyText } from "./members.ts";

const realm = { realm: "The realm's name" } as const;

/** Tenants. */
export const realmOperations: readonly Operation[] = [
  {
    name: "list",
    description: "List realms by name",
    method: "GET",
    path: "/realms",
    members: {
      active: {
        in: "query",
        member: "active",
        reading: { as: "choice", of: ["true", "false"] },
        description: "Only active, or only inactive ones",
      },
    },
    output: {
      kind: "table",
      paged: true,
      columns: [
        { title: "name", member: "name" },
        { title: "default", member: "isDefault" },
        { title: "active", member: "active" },
        { title: "entity", member: "entity" },
        { title: "created", member: "createdAt" },
      ],
    },
    examples: [{ line: "reeve realms list --json", does: "for programs" }],
  },
  { name: "get", description: "Show a realm", method: "GET", path: "/realms/{realm}", positionals: realm, output: { kind: "record" } },
  {
    name: "create",
    description: "Make a realm",
    method: "POST",
    path: "/realms",
    members: {
      name: bodyArgument("name", "The name, which stands in URLs as the App ID"),
      active: bodySwitch("active", "Whether it admits anybody (default yes; --no-active for no)"),
      entity: bodyText("entity", "The entity whose fields its users have (default users)", "NAME"),
      settings: bodyJson("settings", "Settings that differ from the defaults"),
    },
    output: { kind: "record" },
    examples: [{ line: "reeve realms create shop", does: "makes the realm shop" }],
  },
  {
    name: "update",
    description: "Switch a realm on or off, give it another entity, or make it the default one",
    method: "PATCH",
    path: "/realms/{realm}",
    positionals: realm,
    members: {
      active: bodySwitch("active", "Admit users (--no-active: admit nobody, keep everything)"),
      entity: bodyText("entity", "The entity whose fields its users have", "NAME"),
      default: bodySwitch("isDefault", "Make it the default realm"),
    },
    output: { kind: "record" },
    examples: [{ line: "reeve realms update shop --no-active", does: "shuts everybody out at once" }],
  },
  {
    name: "delete",
    description: "Delete a realm with its users, grants and settings; the data of its partitions stays in their storage",
    method: "DELETE",
    path: "/realms/{realm}",
    positionals: realm,
    output: { kind: "done", message: "The realm {realm} is deleted." },
    confirm: "Delete the realm {realm} with all its users and grants?",
  },
  {
    name: "settings",
    description: "Show a realm's settings, defaults included",
    method: "GET",
    path: "/realms/{realm}/settings",
    positionals: realm,
    output: { kind: "record" },
  },
  {
    name: "configure",
    description: "Change settings of a realm; those that are absent stay",
    method: "PATCH",
    path: "/realms/{realm}/settings",
    positionals: realm,
    members: { settings: bodyJson("", "The settings to change", true) },
    output: { kind: "record" },
    examples: [
      { line: `reeve realms configure shop --settings '{"realmRequired": true}'`, does: "demands that sign-ins name the realm" },
      { line: `reeve realms configure shop --settings '{"limits": {"connections": 500}}'`, does: "sets a limit" },
    ],
  },
  {
    name: "limits",
    description: "Show how near a realm is to each of its limits, which are set with its settings",
    method: "GET",
    path: "/realms/{realm}/limits",
    positionals: realm,
    output: {
      kind: "table",
      paged: false,
      columns: [
        { title: "limit", member: "limit" },
        { title: "used", member: "used" },
        { title: "allowed", member: "allowed" },
        { title: "share", member: "share" },
        { title: "user", member: "userId" },
      ],
    },
    examples: [{ line: "reeve realms limits shop", does: "what is used, and by whom most" }],
  },
  {
    name: "traffic",
    description: "Show the bytes that a realm's devices uploaded and downloaded, by day (UTC)",
    method: "GET",
    path: "/realms/{realm}/traffic",
    positionals: realm,
    output: {
      kind: "table",
      paged: false,
      columns: [
        { title: "day", member: "day" },
        { title: "uploaded", member: "uploaded" },
        { title: "downloaded", member: "downloaded" },
      ],
    },
  },
];

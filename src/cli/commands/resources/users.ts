import type { UserState, UserType } from "../../../accounts/schema.ts";
import type { Member, Operation } from "../../operation.ts";
import { bodyJson, bodySwitch, bodyText, queryText } from "./members.ts";

// Written out, and complete by their types: the schema's own lists would load the whole database layer with every command.
const userStates = Object.keys({ normal: true, pending: true, locked: true, disabled: true } satisfies Record<UserState, true>);
const userTypes = Object.keys({ normal: true, server: true } satisfies Record<UserType, true>);

const user = { "user-id": "The user's id" } as const;
const path = "/realms/{realm}/users/{userId}";

const data: Readonly<Record<string, Member>> = {
  fields: bodyJson("fields", "Fields of the realm's entity, checked and completed by it"),
  "custom-data": bodyJson("customData", "Custom data, which rules see as %%user.custom_data (null: none)"),
  tags: { in: "body", member: "tags", reading: { as: "list" }, description: "Labels", valueHint: "A,B" },
  meta: bodyJson("meta", "Miscellaneous data"),
  properties: bodyJson("properties", "Properties of the user"),
};

const state = (name: string, description: string, value: UserState, message: string): Operation => ({
  name,
  description,
  method: "PUT",
  path: `${path}/state`,
  positionals: user,
  constant: { state: value },
  output: { kind: "done", message },
});

/** People of a realm. */
export const userOperations: readonly Operation[] = [
  {
    name: "list",
    description: "List and search users in the order of their ids",
    method: "GET",
    path: "/realms/{realm}/users",
    members: {
      search: queryText("search", "Part of an id, a key field, a login name or an identity"),
      state: { in: "query", member: "state", reading: { as: "choice", of: userStates }, description: "Only users in this state" },
    },
    output: {
      kind: "table",
      paged: true,
      columns: [
        { title: "id", member: "id" },
        { title: "state", member: "state" },
        { title: "type", member: "type" },
        { title: "name", member: "profile.name" },
        { title: "tags", member: "tags" },
        { title: "last sign-in", member: "lastSignInAt" },
      ],
    },
    examples: [
      { line: "reeve users list --search john", does: "finds John" },
      { line: "reeve users list --all --json", does: "all of them, for programs" },
    ],
  },
  {
    name: "get",
    description: "Show a user, how they sign in and what they administer",
    method: "GET",
    path,
    positionals: user,
    output: { kind: "record" },
  },
  {
    name: "create",
    description: "Make a user; with name and password, the name is confirmed; with fields, by the realm's entity",
    method: "POST",
    path: "/realms/{realm}/users",
    members: {
      username: bodyText("username", "The name to sign in with", "NAME"),
      password: {
        in: "body",
        member: "password",
        reading: { as: "secret", question: "Password" },
        description: "Ask for a password, or read it from standard input",
      },
      id: bodyText("id", "Keep the id of an imported user", "ID"),
      type: { in: "body", member: "type", reading: { as: "choice", of: userTypes }, description: "Whom it stands for (default normal)" },
      state: {
        in: "body",
        member: "state",
        reading: { as: "choice", of: userStates },
        description: "The state to begin with (default normal)",
      },
      ...data,
    },
    output: { kind: "record" },
    examples: [
      { line: "reeve users create --username john@example.net --password", does: "asks for John's password" },
      { line: "pass show john | reeve users create --username john --password --realm shop", does: "takes it from another program" },
    ],
  },
  {
    name: "update",
    description: "Change a user's fields (those that are given), or custom data, tags, meta or properties (each replaces what was there)",
    method: "PATCH",
    path,
    positionals: user,
    members: data,
    output: { kind: "record" },
    examples: [{ line: `reeve users update 66a1f0c2d4e5b6a7980c1d2e --custom-data '{"plan": "pro"}'`, does: "changes what rules see" }],
  },
  state("lock", "Lock a user out; open connections end at once", "locked", "{user-id} is locked."),
  state("disable", "Disable a user; open connections end at once", "disabled", "{user-id} is disabled."),
  state("enable", "Readmit a locked or disabled user", "normal", "{user-id} may sign in."),
  {
    name: "password",
    description: "Give a user a new password and end all their sessions",
    method: "PUT",
    path: `${path}/password`,
    positionals: user,
    members: {
      password: {
        in: "body",
        member: "password",
        reading: { as: "secret", question: "New password" },
        description: "The new password",
        required: true,
      },
    },
    output: { kind: "done", message: "{user-id} has a new password and is signed out everywhere." },
  },
  {
    name: "second-factor",
    description: "Demand a second factor of a user, or no longer",
    method: "PUT",
    path: `${path}/second-factor`,
    positionals: user,
    members: { required: bodySwitch("required", "Demand it (--no-required: leave it to the user)") },
    output: { kind: "record" },
    examples: [{ line: "reeve users second-factor 66a1f0c2d4e5b6a7980c1d2e --required", does: "from the next sign-in on" }],
  },
  {
    name: "reset-second-factor",
    description: "Remove a second factor that was lost, with its recovery codes",
    method: "PUT",
    path: `${path}/second-factor`,
    positionals: user,
    constant: { remove: true },
    output: { kind: "record" },
    confirm: "Let {user-id} sign in without the second factor? Be sure that it is they who ask.",
  },
  {
    name: "forget",
    description: "Forget who a user is: the entity is emptied, the id, grants and data stay",
    method: "POST",
    path: `${path}/forget`,
    positionals: user,
    output: { kind: "done", message: "{user-id} is forgotten." },
    confirm: "Forget who {user-id} is? It cannot be undone.",
  },
  {
    name: "delete",
    description: "Delete a user with identities, sessions and grants; data in partitions stays",
    method: "DELETE",
    path,
    positionals: user,
    output: { kind: "done", message: "{user-id} is deleted." },
    confirm: "Delete the user {user-id}?",
  },
  {
    name: "admins",
    description: "List the users who administer the realm, or the server",
    method: "GET",
    path: "/realms/{realm}/admins",
    output: {
      kind: "table",
      paged: false,
      columns: [
        { title: "user", member: "userId" },
        { title: "scope", member: "scope" },
        { title: "granted by", member: "grantedBy" },
        { title: "since", member: "createdAt" },
      ],
    },
  },
  {
    name: "promote",
    description: "Make a user an admin",
    method: "PUT",
    path: `${path}/admin`,
    positionals: user,
    members: {
      scope: {
        in: "body",
        member: "scope",
        reading: { as: "choice", of: ["realm", "server"] },
        description: "Of the realm, or of everything",
        required: true,
      },
    },
    output: { kind: "record" },
    examples: [{ line: "reeve users promote 66a1f0c2d4e5b6a7980c1d2e --scope realm", does: "gives the user the realm" }],
  },
  {
    name: "demote",
    description: "Take the right of an admin away",
    method: "DELETE",
    path: `${path}/admin`,
    positionals: user,
    output: { kind: "done", message: "{user-id} is no admin." },
  },
];

/** API keys of users, people and programs alike. */
export const apiKeyOperations: readonly Operation[] = [
  {
    name: "list",
    description: "List a user's API keys, never their text",
    method: "GET",
    path: `${path}/api-keys`,
    positionals: user,
    output: {
      kind: "table",
      paged: false,
      columns: [
        { title: "id", member: "id" },
        { title: "name", member: "name" },
        { title: "disabled", member: "disabled" },
        { title: "created", member: "createdAt" },
      ],
    },
  },
  {
    name: "create",
    description: "Make an API key with which the user signs in; its text is shown once",
    method: "POST",
    path: `${path}/api-keys`,
    positionals: user,
    members: { name: bodyText("name", "The key's name, unique for the user", "NAME", true) },
    output: { kind: "record" },
    examples: [
      { line: "reeve api-keys create 66a1f0c2d4e5b6a7980c1d2e --name importer", does: "makes a key for a program (a user of type server)" },
    ],
  },
  {
    name: "delete",
    description: "Delete an API key",
    method: "DELETE",
    path: `${path}/api-keys/{keyId}`,
    positionals: { ...user, "key-id": "The key's id" },
    output: { kind: "done", message: "{key-id} is deleted." },
  },
];

/** Sign-ins of users. */
export const sessionOperations: readonly Operation[] = [
  {
    name: "list",
    description: "List a user's live sign-ins, the last used first",
    method: "GET",
    path: `${path}/sessions`,
    positionals: user,
    output: {
      kind: "table",
      paged: false,
      columns: [
        { title: "id", member: "id" },
        { title: "provider", member: "provider" },
        { title: "device", member: "deviceId" },
        { title: "created", member: "createdAt" },
        { title: "last used", member: "lastUsedAt" },
        { title: "expires", member: "expiresAt" },
      ],
    },
  },
  {
    name: "revoke",
    description: "End one sign-in: its connections end at once",
    method: "DELETE",
    path: `${path}/sessions/{sessionId}`,
    positionals: { ...user, "session-id": "The sign-in's id" },
    output: { kind: "done", message: "{session-id} is ended." },
  },
  {
    name: "revoke-all",
    description: "Sign a user out everywhere",
    method: "DELETE",
    path: `${path}/sessions`,
    positionals: user,
    output: { kind: "record" },
  },
];

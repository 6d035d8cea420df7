import type { Operation } from "../../operation.ts";
import { bodyArgument, bodyText, grantFlag, queryText } from "./members.ts";

const partition = { partition: "The partition's key: s:text, i:42, o:OBJECTID, u:UUID or null" } as const;
const path = "/realms/{realm}/partitions/{partition}";
const subject = { ...partition, subject: "A user's id, or * for everybody" } as const;

/** Who may do what with a partition. */
export const grantOperations: readonly Operation[] = [
  {
    name: "list",
    description: "List the grants on a partition, or those of a user or of everybody",
    method: "GET",
    path: "/realms/{realm}/grants",
    members: {
      partition: queryText("partition", "Grants on this partition", "KEY"),
      subject: queryText("subject", "Grants of this user, or * for everybody", "USER|*"),
    },
    output: {
      kind: "table",
      paged: false,
      columns: [
        { title: "partition", member: "partition" },
        { title: "subject", member: "subject" },
        { title: "read", member: "mayRead" },
        { title: "write", member: "mayWrite" },
        { title: "manage", member: "mayManage" },
        { title: "changed", member: "updatedAt" },
      ],
    },
    examples: [{ line: "reeve grants list --partition s:shopping", does: "who may do what with it" }],
  },
  {
    name: "set",
    description: "Set flags of a grant; absent ones stay. Open sessions follow at once",
    method: "PUT",
    path: `${path}/grants/{subject}`,
    positionals: subject,
    members: {
      read: grantFlag("mayRead", "May receive changes"),
      write: grantFlag("mayWrite", "May send changes"),
      manage: grantFlag("mayManage", "May change the grants"),
    },
    output: { kind: "record" },
    examples: [{ line: "reeve grants set s:news '*' --read true --write false", does: "everybody may read it" }],
  },
  {
    name: "delete",
    description: "Take a grant away. Open sessions follow at once",
    method: "DELETE",
    path: `${path}/grants/{subject}`,
    positionals: subject,
    output: { kind: "done", message: "The grant of {subject} on {partition} is gone." },
  },
];

/** Synchronised databases. */
export const partitionOperations: readonly Operation[] = [
  {
    name: "list",
    description: "List partitions in the order of their keys",
    method: "GET",
    path: "/realms/{realm}/partitions",
    members: { search: queryText("search", "Part of the key"), owner: queryText("ownerId", "Only those of this user", "USER") },
    output: {
      kind: "table",
      paged: true,
      columns: [
        { title: "key", member: "key" },
        { title: "owner", member: "ownerId" },
        { title: "created", member: "createdAt" },
        { title: "last opened", member: "lastOpenedAt" },
      ],
    },
  },
  {
    name: "get",
    description: "Show a partition: owner, size, connections, history",
    method: "GET",
    path,
    positionals: partition,
    output: { kind: "record" },
  },
  {
    name: "create",
    description: "Enter a partition before a device opens it, to give it an owner",
    method: "POST",
    path: "/realms/{realm}/partitions",
    members: {
      key: bodyArgument("key", "The partition's key, such as s:shopping"),
      owner: bodyText("ownerId", "The user who owns it", "USER"),
    },
    output: { kind: "record" },
  },
  {
    name: "update",
    description: "Give a partition another owner. Open sessions follow at once",
    method: "PATCH",
    path,
    positionals: partition,
    members: { owner: bodyText("ownerId", "The user who owns it", "USER", true) },
    output: { kind: "record" },
  },
  {
    name: "disown",
    description: "Let nobody own a partition. Open sessions follow at once",
    method: "PATCH",
    path,
    positionals: partition,
    constant: { ownerId: null },
    output: { kind: "record" },
  },
  {
    name: "clients",
    description: "List the devices' copies of a partition",
    method: "GET",
    path: `${path}/clients`,
    positionals: partition,
    output: {
      kind: "table",
      paged: true,
      columns: [
        { title: "ident", member: "ident" },
        { title: "owner", member: "ownerId" },
        { title: "last seen", member: "lastSeenAt" },
        { title: "expired", member: "expired" },
      ],
    },
  },
  {
    name: "classes",
    description: "Show a partition's schema and how many objects each class has",
    method: "GET",
    path: `${path}/classes`,
    positionals: partition,
    output: {
      kind: "table",
      paged: false,
      columns: [
        { title: "class", member: "name" },
        { title: "kind", member: "kind" },
        { title: "key", member: "keyField" },
        { title: "objects", member: "objects" },
      ],
    },
  },
  {
    name: "objects",
    description: "List the objects of a class in the order of their keys",
    method: "GET",
    path: `${path}/classes/{className}/objects`,
    positionals: { ...partition, "class-name": "The class" },
    output: {
      kind: "table",
      paged: true,
      columns: [
        { title: "key", member: "pk" },
        { title: "fields", member: "fields" },
      ],
    },
  },
  {
    name: "compact",
    description: "Drop now what history no known device needs",
    method: "POST",
    path: `${path}/compact`,
    positionals: partition,
    output: { kind: "record" },
  },
  {
    name: "declare-lost",
    description: "Declare the missing history of a partition lost for good: devices that held it are reset to what is here",
    method: "POST",
    path: `${path}/declare-lost`,
    positionals: partition,
    output: { kind: "done", message: "{partition} serves again." },
    confirm: "Declare the missing history of {partition} lost for good?",
  },
];

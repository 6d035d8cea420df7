import { createRoute, z } from "@hono/zod-openapi";
import type { PartitionRow } from "../../../accounts/repositories/partitions.ts";
import { ManagementError } from "../../../errors/management.ts";
import { byRealmAdmin } from "../access.ts";
import { note } from "../audit.ts";
import { given } from "../given.ts";
import { onceOnly } from "../idempotency.ts";
import type { ManagementApp, ManagementContext } from "../context.ts";
import { pageFrom, readCursor, writeCursor } from "../paging.ts";
import { askPartition } from "../partitions.ts";
import { demandRealmAdmin } from "../principal.ts";
import {
  answer,
  body,
  idempotencyHeader,
  pageOf,
  paging,
  partitionKey,
  problems,
  realmPath,
  text,
  time,
  timeOf,
  userId,
} from "../schemas.ts";

const partitionSchema = z
  .object({ realm: z.string(), key: z.string(), ownerId: z.string().nullable(), createdAt: time, lastOpenedAt: time })
  .openapi("Partition");
const show = ({ realm, key, ownerId, createdAt, lastOpenedAt }: PartitionRow): z.input<typeof partitionSchema> => ({
  realm,
  key,
  ownerId,
  createdAt: timeOf(createdAt),
  lastOpenedAt: timeOf(lastOpenedAt),
});

const detailSchema = partitionSchema
  .extend({
    report: z
      .object({
        createdAt: time,
        serving: z.boolean().openapi({ description: "False while an earlier incarnation's history is missing." }),
        databaseBytes: z.int(),
        idle: z.boolean(),
        clientFiles: z.int(),
        serverVersion: z.int().openapi({ description: "The history's last position." }),
        historyBase: z.int().openapi({ description: "The position up to which history has been dropped." }),
        metrics: z.record(z.string(), z.number()).openapi({ description: "Counters since the partition last woke." }),
      })
      .nullable()
      .openapi({ description: "What the partition says of itself; null when no device has opened it yet." }),
  })
  .openapi("PartitionDetail");

const tags = ["Partitions"];
const partitionPath = realmPath.extend({ partition: partitionKey });

const listPartitions = createRoute({
  ...byRealmAdmin,
  tags,
  method: "get",
  path: "/realms/{realm}/partitions",
  operationId: "listPartitions",
  summary: "List the realm's partitions in the order of their keys",
  request: { params: realmPath, query: z.object({ ...paging, search: text(255).optional(), ownerId: userId.optional() }) },
  responses: { ...problems, 200: answer(pageOf(partitionSchema), "A page of partitions.") },
});

const createPartition = createRoute({
  ...byRealmAdmin,
  middleware: [demandRealmAdmin, onceOnly] as const,
  tags,
  method: "post",
  path: "/realms/{realm}/partitions",
  operationId: "createPartition",
  summary: "Enter a partition before a device opens it, to give it an owner",
  request: {
    params: realmPath,
    headers: idempotencyHeader,
    body: body(z.strictObject({ key: partitionKey, ownerId: userId.nullable().optional() })),
  },
  responses: { ...problems, 201: answer(partitionSchema, "The partition.") },
});

const getPartition = createRoute({
  ...byRealmAdmin,
  tags,
  method: "get",
  path: "/realms/{realm}/partitions/{partition}",
  operationId: "getPartition",
  summary: "Show a partition: owner, size, connections, history",
  request: { params: partitionPath },
  responses: { ...problems, 200: answer(detailSchema, "The partition.") },
});

const setOwner = createRoute({
  ...byRealmAdmin,
  tags,
  method: "patch",
  path: "/realms/{realm}/partitions/{partition}",
  operationId: "updatePartition",
  summary: "Give a partition another owner, or none. Open sessions follow at once",
  request: { params: partitionPath, body: body(z.strictObject({ ownerId: userId.nullable() })) },
  responses: { ...problems, 200: answer(partitionSchema, "The partition as it is now.") },
});

const clientSchema = z
  .object({
    ident: z.int(),
    ownerId: z.string(),
    lastSeenAt: time,
    expired: z.boolean().openapi({ description: "It was away too long and starts over when it returns." }),
  })
  .openapi("ClientFile");

const listClients = createRoute({
  ...byRealmAdmin,
  tags,
  method: "get",
  path: "/realms/{realm}/partitions/{partition}/clients",
  operationId: "listPartitionClients",
  summary: "List the devices' copies of a partition",
  request: { params: partitionPath, query: z.object(paging) },
  responses: { ...problems, 200: answer(pageOf(clientSchema), "A page of client files.") },
});

const columnSchema = z.object({
  name: z.string(),
  type: z.string(),
  nullable: z.boolean(),
  collection: z.string(),
  linkTarget: z.string().optional(),
});
const classSchema = z
  .object({
    name: z.string(),
    kind: z.enum(["TopLevel", "Asymmetric", "Embedded"]),
    keyField: z.string().nullable(),
    objects: z.int(),
    columns: z.array(columnSchema),
  })
  .openapi("Class");

const listClasses = createRoute({
  ...byRealmAdmin,
  tags,
  method: "get",
  path: "/realms/{realm}/partitions/{partition}/classes",
  operationId: "listPartitionClasses",
  summary: "Show a partition's schema and how many objects each class has",
  request: { params: partitionPath },
  responses: { ...problems, 200: answer(pageOf(classSchema), "All classes.") },
});

const objectSchema = z
  .object({ pk: z.unknown(), fields: z.record(z.string(), z.unknown()) })
  .openapi("Object", { description: "Each value with its type and exact content." });

const listObjects = createRoute({
  ...byRealmAdmin,
  tags,
  method: "get",
  path: "/realms/{realm}/partitions/{partition}/classes/{className}/objects",
  operationId: "listPartitionObjects",
  summary: "List the objects of a class in the order of their keys",
  request: { params: partitionPath.extend({ className: text(128).min(1) }), query: z.object(paging) },
  responses: { ...problems, 200: answer(pageOf(objectSchema), "A page of objects.") },
});

const compactionSchema = z
  .object({
    droppedVersions: z.int().openapi({ description: "Positions of the history that were dropped: no known device needs them." }),
    historyBase: z.int(),
    databaseBytes: z.int(),
  })
  .openapi("Compaction");

const compact = createRoute({
  ...byRealmAdmin,
  tags,
  method: "post",
  path: "/realms/{realm}/partitions/{partition}/compact",
  operationId: "compactPartition",
  summary: "Drop now what history no known device needs, in place of at the next daily turn",
  request: { params: partitionPath },
  responses: { ...problems, 200: answer(compactionSchema, "What was dropped.") },
});

const declareLost = createRoute({
  ...byRealmAdmin,
  tags,
  method: "post",
  path: "/realms/{realm}/partitions/{partition}/declare-lost",
  operationId: "declarePartitionLost",
  summary: "Declare the missing history of a partition lost for good: devices that held it are reset to what is here",
  request: { params: partitionPath },
  responses: { ...problems, 204: { description: "The partition serves again." } },
});

/** The partition of the path, which must be entered in the directory. */
const findPartition = async (context: ManagementContext, key: string): Promise<PartitionRow> => {
  const row = await context.var.inRealm.partitions.find(key);
  if (row === undefined) throw new ManagementError("PartitionUnknown");
  return row;
};

const demandOwner = async (context: ManagementContext, ownerId: string | null | undefined): Promise<void> => {
  if (typeof ownerId !== "string" || (await context.var.inRealm.users.find(ownerId)) !== undefined) return;
  throw new ManagementError("UserUnknown", { detail: "body.ownerId: no user of this realm has this id" });
};

/** Partitions: the directory, and what each says of itself. */
export const partitionRoutes = (app: ManagementApp): void => {
  app.openapi(listPartitions, async (context) => {
    const { cursor, limit, search, ownerId } = context.req.valid("query");
    const after = readCursor(cursor);
    const rows = await context.var.inRealm.partitions.list(given({ search, ownerId, after, limit: limit + 1 }));
    return context.json(
      pageFrom(rows, limit, ({ key }) => key, show),
      200,
    );
  });

  app.openapi(createPartition, async (context) => {
    const { key, ownerId = null } = context.req.valid("json");
    const { partitions } = context.var.inRealm;
    await demandOwner(context, ownerId);
    if ((await partitions.find(key)) !== undefined) throw new ManagementError("NameTaken", { detail: "body.key: the partition exists" });
    const row = await partitions.noteOpened(key, ownerId);
    await note(context, "partition.create", key, { ownerId });
    return context.json(show(row), 201);
  });

  app.openapi(getPartition, async (context) => {
    const row = await findPartition(context, context.req.valid("param").partition);
    const report = await askPartition(context.env, context.var.realm.name, row.key, async (object) => object.inspect());
    const shown = report === undefined ? null : { ...report, createdAt: timeOf(report.createdAt), metrics: { ...report.metrics } };
    return context.json({ ...show(row), report: shown }, 200);
  });

  app.openapi(setOwner, async (context) => {
    const { key } = await findPartition(context, context.req.valid("param").partition);
    const { ownerId } = context.req.valid("json");
    await demandOwner(context, ownerId);
    await context.var.inRealm.partitions.setOwner(key, ownerId);
    await note(context, "partition.owner", key, { ownerId });
    return context.json(show(await findPartition(context, key)), 200);
  });

  app.openapi(listClients, async (context) => {
    const { key } = await findPartition(context, context.req.valid("param").partition);
    const { cursor, limit } = context.req.valid("query");
    const after = Number(readCursor(cursor) ?? 0);
    const rows = await askPartition(context.env, context.var.realm.name, key, async (object) => object.clients(after, limit + 1));
    const page = pageFrom(
      rows,
      limit,
      ({ ident }) => String(ident),
      ({ lastSeenAt, ...rest }) => ({ ...rest, lastSeenAt: timeOf(lastSeenAt) }),
    );
    return context.json(page, 200);
  });

  app.openapi(listClasses, async (context) => {
    const { key } = await findPartition(context, context.req.valid("param").partition);
    const items = await askPartition(context.env, context.var.realm.name, key, async (object) => object.classes());
    return context.json({ items: items.map(({ columns, ...rest }) => ({ ...rest, columns: [...columns] })), next: null }, 200);
  });

  app.openapi(listObjects, async (context) => {
    const { partition, className } = context.req.valid("param");
    const { key } = await findPartition(context, partition);
    const { cursor, limit } = context.req.valid("query");
    const after = readCursor(cursor);
    const page = await askPartition(context.env, context.var.realm.name, key, async (object) => object.objects(className, after, limit));
    if (page === undefined) throw new ManagementError("ClassUnknown");
    const items = page.objects.map((object) => objectSchema.parse(JSON.parse(object)));
    return context.json({ items, next: page.next === null ? null : writeCursor(page.next) }, 200);
  });

  app.openapi(compact, async (context) => {
    const { key } = await findPartition(context, context.req.valid("param").partition);
    const result = await askPartition(context.env, context.var.realm.name, key, async (object) => object.compact());
    if (result === undefined) throw new ManagementError("PartitionUnknown", { detail: "no device has opened the partition yet" });
    await note(context, "partition.compact", key);
    return context.json({ ...result }, 200);
  });

  app.openapi(declareLost, async (context) => {
    const { key } = await findPartition(context, context.req.valid("param").partition);
    await askPartition(context.env, context.var.realm.name, key, async (object) => object.declareLost());
    await note(context, "partition.declareLost", key);
    return context.body(null, 204);
  });
};

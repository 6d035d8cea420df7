import { createRoute, z } from "@hono/zod-openapi";
import { logsName } from "../../../durable-objects/logs.ts";
import type { KeptLine, LineFilter } from "../../../durable-objects/log-ring.ts";
import { inputError } from "../../../errors/management.ts";
import { noteChosenLevel } from "../../log-book.ts";
import { isLogged, logSettings, parseLogSetting } from "../../../platform/logging.ts";
import { byRealmAdmin, byServerAdmin } from "../access.ts";
import { noteForServer } from "../audit.ts";
import type { ManagementApp, ManagementContext } from "../context.ts";
import { given } from "../given.ts";
import { readCursor, writeCursor } from "../paging.ts";
import { answer, body, problems, realmPath, text, time, timeOf } from "../schemas.ts";

const levels = ["trace", "debug", "detail", "info", "warn", "error", "fatal"] as const;
const levelSchema = z.enum(logSettings).openapi("LogLevel");

const lineSchema = z
  .object({ id: z.int(), at: time, level: z.string(), message: z.string(), source: z.string() })
  .catchall(z.union([z.string(), z.number(), z.boolean()]))
  .openapi("LogLine");

const pageSchema = z
  .object({ items: z.array(lineSchema), next: z.string().openapi({ description: "Cursor behind these lines, to go on or to follow." }) })
  .openapi("LogPage");

const filter = {
  level: levelSchema.default("all").openapi({ description: "Lines of this level and graver ones; off: none.", default: "all" }),
  since: z.iso
    .datetime({ offset: true })
    .optional()
    .openapi({ description: "Lines from this moment on; default: of the last fifteen minutes, or behind the cursor." }),
  about: text(128)
    .optional()
    .openapi({ description: "Lines in which a detail has this value: the id of a request, connection, session or user." }),
  cursor: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200).openapi({ type: "integer", minimum: 1, maximum: 1000, default: 200 }),
  wait: z.coerce.number().int().min(0).max(25).default(0).openapi({
    type: "integer",
    minimum: 0,
    maximum: 25,
    default: 0,
    description: "Seconds to wait for a line when there is none: follow the log by asking again with `next`.",
  }),
};

const listLogs = createRoute({
  ...byServerAdmin,
  tags: ["Logs"],
  method: "get",
  path: "/logs",
  operationId: "listLogs",
  summary: "List or follow the log lines of the last days, oldest first",
  request: { query: z.object({ ...filter, realm: text(64).optional() }) },
  responses: { ...problems, 200: answer(pageSchema, "Lines.") },
});

const listRealmLogs = createRoute({
  ...byRealmAdmin,
  tags: ["Logs"],
  method: "get",
  path: "/realms/{realm}/logs",
  operationId: "listRealmLogs",
  summary: "List or follow the log lines that concern a realm, oldest first",
  request: { params: realmPath, query: z.object(filter) },
  responses: { ...problems, 200: answer(pageSchema, "Lines.") },
});

const settingSchema = z
  .object({ level: levelSchema, chosen: z.boolean().openapi({ description: "False: it is the setting LOG_LEVEL, or its default." }) })
  .openapi("LogSetting");

const getLevel = createRoute({
  ...byServerAdmin,
  tags: ["Logs"],
  method: "get",
  path: "/logs/level",
  operationId: "getLogLevel",
  summary: "Show how much is logged",
  responses: { ...problems, 200: answer(settingSchema, "The level.") },
});

const setLevel = createRoute({
  ...byServerAdmin,
  tags: ["Logs"],
  method: "put",
  path: "/logs/level",
  operationId: "setLogLevel",
  summary: "Choose how much is logged while the service runs; null goes back to the setting. Everywhere within seconds",
  request: { body: body(z.strictObject({ level: levelSchema.nullable() })) },
  responses: { ...problems, 200: answer(settingSchema, "The level as it is now.") },
});

const defaultAge = 15 * 60 * 1000;

interface LogRequest {
  readonly level: z.infer<typeof levelSchema>;
  readonly since?: string | undefined;
  readonly about?: string | undefined;
  readonly realm?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly wait: number;
}

const logsOf = ({ env }: ManagementContext) => env.LOGS.get(env.LOGS.idFromName(logsName));

const show = ({ id, at, level, message, source, ...details }: KeptLine) => ({
  ...details,
  id,
  at: timeOf(at),
  level,
  message: String(message),
  source: String(source),
});

const readLogs = async (context: ManagementContext, { level, since, about, realm, cursor, limit, wait }: LogRequest) => {
  const after = readCursor(cursor);
  const position = after === undefined ? 0 : Number(after);
  if (!Number.isSafeInteger(position)) throw inputError("query.cursor", "is no cursor that this service gave");
  const from = since === undefined ? (after === undefined ? Date.now() - defaultAge : undefined) : Date.parse(since);
  const wanted: LineFilter = given({ levels: levels.filter((one) => isLogged(level, one)), since: from, realm, about });
  const page = await logsOf(context).read({ ...wanted, after: position, limit }, wait * 1000);
  return { items: page.lines.map(show), next: writeCursor(String(page.next)) };
};

const currentLevel = async (context: ManagementContext): Promise<z.infer<typeof settingSchema>> => {
  const chosen = await logsOf(context).level();
  return { level: parseLogSetting(chosen ?? context.env.LOG_LEVEL), chosen: chosen !== undefined };
};

/** The log of the last days, and how much is logged. */
export const logRoutes = (app: ManagementApp): void => {
  app.openapi(listLogs, async (context) => context.json(await readLogs(context, context.req.valid("query")), 200));

  app.openapi(listRealmLogs, async (context) =>
    context.json(await readLogs(context, { ...context.req.valid("query"), realm: context.var.realm.name }), 200),
  );

  app.openapi(getLevel, async (context) => context.json(await currentLevel(context), 200));

  app.openapi(setLevel, async (context) => {
    const level = context.req.valid("json").level ?? undefined;
    await logsOf(context).setLevel(level);
    noteChosenLevel(level);
    await noteForServer(context, "log.level", level ?? "setting");
    return context.json(await currentLevel(context), 200);
  });
};

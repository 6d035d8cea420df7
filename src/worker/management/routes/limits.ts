import { createRoute, z } from "@hono/zod-openapi";
import { realmLimits } from "../../../accounts/settings.ts";
import { countBirths } from "../../../durable-objects/birth.ts";
import { meterOf } from "../../../durable-objects/meter-of.ts";
import { byRealmAdmin } from "../access.ts";
import type { ManagementApp } from "../context.ts";
import { answer, pageOf, problems, realmPath } from "../schemas.ts";

const figureSchema = z
  .object({
    limit: realmLimits.keyof(),
    allowed: z.int().nullable().openapi({ description: "Null: no limit is set." }),
    used: z.int(),
    share: z.number().nullable().openapi({ description: "`used` as a part of `allowed`; 1 is the limit." }),
    userId: z.string().nullable().openapi({ description: "For limits of a user: who uses most." }),
  })
  .openapi("LimitFigure");

const listLimits = createRoute({
  ...byRealmAdmin,
  tags: ["Limits"],
  method: "get",
  path: "/realms/{realm}/limits",
  operationId: "listLimits",
  summary: "Show how near the realm is to each of its limits",
  request: { params: realmPath },
  responses: { ...problems, 200: answer(pageOf(figureSchema), "Every limit.") },
});

const daySchema = z.object({ day: z.string().openapi({ format: "date" }), uploaded: z.int(), downloaded: z.int() }).openapi("DayTraffic");

const listTraffic = createRoute({
  ...byRealmAdmin,
  tags: ["Limits"],
  method: "get",
  path: "/realms/{realm}/traffic",
  operationId: "listTraffic",
  summary: "Show the bytes that devices uploaded and downloaded, by UTC day, today first",
  request: { params: realmPath },
  responses: { ...problems, 200: answer(pageOf(daySchema), "The last days that had any traffic, at most 31.") },
});

const shareOf = (used: number, allowed: number | null): number | null => {
  if (allowed === null) return null;
  return allowed === 0 ? 1 : used / allowed;
};

/** Limits and traffic; limits are set with a realm's settings. */
export const limitRoutes = (app: ManagementApp): void => {
  app.openapi(listLimits, async (context) => {
    const { realm } = context.var;
    const partitions = await countBirths(context.env.DB, realm.name, "");
    const figures = await meterOf(context.env, realm.name).figures(realm.name, partitions);
    const items = figures.map((figure) => ({ ...figure, share: shareOf(figure.used, figure.allowed) }));
    return context.json({ items, next: null }, 200);
  });

  app.openapi(listTraffic, async (context) => {
    const { realm } = context.var;
    const days = await meterOf(context.env, realm.name).days();
    return context.json({ items: days.map((day) => ({ ...day })), next: null }, 200);
  });
};

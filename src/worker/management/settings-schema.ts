import { z } from "@hono/zod-openapi";
import { realmLimits, realmSettings } from "../../accounts/settings.ts";

type WithoutDefault<Schema> = Schema extends z.ZodDefault<infer Inner> ? Inner : Schema;
type Patch<Shape extends z.ZodRawShape> = { [Name in keyof Shape]: z.ZodOptional<WithoutDefault<Shape[Name]>> };

const withoutDefaults = <Shape extends z.ZodRawShape>(shape: Shape): Patch<Shape> =>
  Object.fromEntries(
    Object.entries(shape).map(([name, schema]) => [name, z.optional(schema instanceof z.ZodDefault ? schema.unwrap() : schema)]),
  ) as Patch<Shape>;

/** A realm's settings with their defaults filled in. */
export const settingsSchema = z.object(realmSettings.shape).openapi("RealmSettings");
/** Settings to change: all optional, none filled in, and no others, since a misspelt setting must not pass for a set one. */
export const settingsPatch = z
  .strictObject({ ...withoutDefaults(realmSettings.shape), limits: z.strictObject(withoutDefaults(realmLimits.shape)).optional() })
  .openapi("RealmSettingsPatch");
export type SettingsPatch = z.infer<typeof settingsPatch>;

import { z } from "zod";
import type { JsonObject } from "../schema.ts";

/** Which of a person's claims become entries of the profile (rules-and-config §8.5). */
export const metadataFields = z
  .array(z.object({ required: z.boolean().default(false), name: z.string().min(1).max(255), field_name: z.string().max(255).optional() }))
  .max(100)
  .default([]);

export type MetadataFields = z.output<typeof metadataFields>;
export type Profile = Readonly<Record<string, string>>;

const readPath = (claims: JsonObject, path: string): unknown => {
  let value: unknown = claims;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === key)?.[1];
  }
  return value;
};

/** The configured claims as profile entries; undefined when a required one is absent. Values that are no strings are written as JSON. */
export const readMetadata = (claims: JsonObject, fields: MetadataFields): Profile | undefined => {
  const profile: Record<string, string> = {};
  for (const { required, name, field_name: field = name } of fields) {
    const value = readPath(claims, name);
    if (value === undefined || value === null) {
      if (required) return undefined;
      continue;
    }
    profile[field] = typeof value === "string" ? value : JSON.stringify(value);
  }
  return profile;
};

/** OpenID Connect's standard claims and what SDKs call them (app-services-api §4). */
const standardClaims = [
  ["name", "name"],
  ["given_name", "first_name"],
  ["family_name", "last_name"],
  ["picture", "picture"],
  ["gender", "gender"],
  ["birthdate", "birthday"],
] as const;

/** The e-mail address, unless its issuer says that it was never verified. */
export const verifiedEmail = ({ email, email_verified: verified }: JsonObject): string | undefined =>
  typeof email === "string" && verified !== false && verified !== "false" ? email : undefined;

/** A profile of standard claims, for providers whose settings name none. */
export const standardProfile = (claims: JsonObject): Profile => {
  const entries = standardClaims.flatMap(([claim, field]) => {
    const value = claims[claim];
    return typeof value === "string" && value.length <= 2048 ? [[field, value] as const] : [];
  });
  const email = verifiedEmail(claims);
  return { ...Object.fromEntries(entries), ...(email === undefined ? {} : { email }) };
};

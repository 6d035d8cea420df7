import { defineConfig } from "drizzle-kit";

/** `drizzle-kit generate --config src/accounts/drizzle.config.ts` writes the next migration after a change of the schema. */
export default defineConfig({ dialect: "sqlite", driver: "d1-http", schema: "./src/accounts/schema.ts", out: "./migrations" });

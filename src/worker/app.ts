import { Hono } from "hono";
import type { Environment } from "./environment.ts";
import { gateway } from "./gateway/routes.ts";

/** Hono's view of the Worker: its bindings. */
export interface WorkerHono {
  readonly Bindings: Environment;
}

/** The HTTP side of the Worker: one route family a folder, mounted here. */
export const app = new Hono<WorkerHono>();

app.get("/health", (context) => context.json({ status: "ok" }));
app.route("/", gateway);

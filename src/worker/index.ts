import { app } from "./app.ts";
import type { Environment } from "./environment.ts";

export { Partition } from "../durable-objects/partition.ts";

export default { fetch: app.fetch } satisfies ExportedHandler<Environment>;

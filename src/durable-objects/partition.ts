import { DurableObject } from "cloudflare:workers";
import type { Environment } from "../worker/environment.ts";

/** One partition: its history, client files and sockets. */
export class Partition extends DurableObject<Environment> {}

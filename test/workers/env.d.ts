import type { D1Migration } from "cloudflare:test";
import type { Environment } from "../../src/worker/environment.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Environment {
      readonly TEST_MIGRATIONS: D1Migration[];
    }
    interface GlobalProps {
      mainModule: typeof import("../../src/worker/index.ts");
      durableNamespaces: "Partition" | "Logs" | "RealmMeter";
    }
  }
}

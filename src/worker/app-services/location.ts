import { Hono } from "hono";
import { originOf, type AppServicesHono } from "./ports.ts";

/** Where a client finds everything else; the first request of every SDK (app-services-api §2). */
export const locationRoutes = new Hono<AppServicesHono>().get("/app/:appId/location", (context) => {
  const hostname = originOf(context);
  const websocket = hostname.replace(/^http/, "ws");
  const appId = encodeURIComponent(context.req.param("appId"));
  return context.json({
    deployment_model: "GLOBAL",
    location: "US-VA",
    hostname,
    ws_hostname: websocket,
    sync_route: `${websocket}/api/client/v2.0/app/${appId}/realm-sync`,
  });
});

import { Hono, type Context } from "hono";
import type { RealmName } from "../../accounts/ids.ts";
import { httpErrors } from "../../errors/http.ts";
import { objectName, type PartitionAddress } from "../../durable-objects/address.ts";
import { handshakeRequest, refusals, type Handshake } from "../../durable-objects/handshake.ts";
import { renewalInterval } from "../../accounts/limits/meter.ts";
import { meterOf } from "../../durable-objects/meter-of.ts";
import { negotiate, type Negotiated } from "../../protocol/negotiation.ts";
import { partitionOfKey } from "../../protocol/partition.ts";
import type { ConnectionInfo, LogPort, PartitionAccess } from "../../session/ports.ts";
import { authorisePartition } from "../../durable-objects/authorise-partition.ts";
import type { Environment, WorkerHono } from "../environment.ts";
import { createLog, parseLogSetting } from "../../platform/logging.ts";
import { zlib } from "../../platform/zlib.ts";
import { authenticate } from "./authenticate.ts";
import { ClientConnection } from "./connection.ts";
import { gatewayLimits } from "./limits.ts";
import type { InternalSocket, LinkOpening } from "./partition-link.ts";

type GatewayContext = Context<WorkerHono>;

/** Refusals keep their body small: with more than 8 KiB clients ignore the status (sync-protocol §2.5). */
const refuse = (context: GatewayContext, code: keyof typeof httpErrors, error: string = httpErrors[code].message): Response =>
  context.json({ error, error_code: code }, httpErrors[code].status);

interface Admission {
  readonly negotiated: Negotiated;
  /** The user's own realm. */
  readonly realm: RealmName;
  readonly userId: string;
  /** The sign-in that the token came from. */
  readonly sessionId: string;
  /** Of the connection, for logs. */
  readonly id: string;
}

/** What stands before every socket: the upgrade itself, a sub-protocol, a user. */
const admit = async (context: GatewayContext, realm: string, tokenParameter: string): Promise<Admission | Response> => {
  const request = context.req.raw;
  if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket")
    return refuse(context, "BadRequest", "a WebSocket upgrade is expected");
  const negotiated = negotiate(request.headers.get("Sec-WebSocket-Protocol"));
  if (negotiated === undefined) return refuse(context, "BadRequest", "no offered sub-protocol is spoken here");
  const authentication = await authenticate(context.env, request, realm, tokenParameter, Date.now());
  switch (authentication.kind) {
    case "user":
      return {
        negotiated,
        realm: authentication.claims.realm,
        userId: authentication.claims.userId,
        sessionId: authentication.claims.sessionId,
        id: crypto.randomUUID(),
      };
    case "expired":
      return refuse(context, "InvalidSession", "invalid session: access token expired");
    case "forbidden":
      return refuse(context, "Forbidden", "this access token is not valid here");
    case "unavailable":
      createLog(parseLogSetting(context.env.LOG_LEVEL), "gateway").log("error", "tokens cannot be verified", {
        reason: authentication.reason,
      });
      return refuse(context, "MaintenanceInProgress");
  }
};

const infoOf = ({ negotiated, userId }: Admission, access: PartitionAccess): ConnectionInfo => ({
  userId,
  access,
  mode: negotiated.mode,
  protocolVersion: negotiated.version,
  offeredMaximum: negotiated.version,
});

/** The 101 that answers with exactly one offered token (H1) and no extension (H4). Clients log the id as their connection's. */
const switchProtocols = (socket: WebSocket, { negotiated, id }: Admission): Response =>
  new Response(null, {
    status: 101,
    webSocket: socket,
    headers: { "Sec-WebSocket-Protocol": negotiated.token, "X-Appservices-Request-Id": id },
  });

const stubOf = (environment: Environment, address: PartitionAddress): DurableObjectStub =>
  environment.PARTITIONS.get(environment.PARTITIONS.idFromName(objectName(address)));

const internalSocket = (socket: WebSocket): InternalSocket => ({
  send: (message) => {
    try {
      socket.send(message);
    } catch {
      // It broke and its close event is still to come; the sessions then bind again and upload again.
    }
  },
  close: (code, reason) => socket.close(code, reason),
  listen: (listener) => {
    socket.addEventListener("message", ({ data }) => {
      if (data instanceof ArrayBuffer) listener.message(new Uint8Array(data));
    });
    socket.addEventListener("close", ({ code, reason }) => listener.closed(code, reason));
    socket.addEventListener("error", () => listener.closed(1006, "the internal socket broke"));
    socket.accept();
  },
});

const openLink = async (environment: Environment, handshake: Handshake): Promise<LinkOpening> => {
  const response = await stubOf(environment, handshake.address).fetch(handshakeRequest(handshake));
  const { webSocket } = response;
  if (webSocket !== null) {
    webSocket.binaryType = "arraybuffer";
    return { kind: "open", socket: internalSocket(webSocket) };
  }
  await response.body?.cancel();
  return { kind: response.status === refusals.historyMissing ? "historyMissing" : "unavailable" };
};

/**
 * Counts a new connection against the limits of its realm; false when there is no room. Load is shed with 503 (H5): clients come back with
 * growing delays. When the meter cannot be asked, the connection is let in.
 */
const hasRoom = async (environment: Environment, { realm, userId, id }: Admission): Promise<boolean> => {
  const log = createLog(parseLogSetting(environment.LOG_LEVEL), "gateway");
  try {
    const verdict = await meterOf(environment, realm).admitConnection(realm, id, userId);
    if (verdict.over) log.log("warn", "a limit is reached; a connection is refused", { realm, user: userId, limit: verdict.limit });
    return !verdict.over;
  } catch (error) {
    log.log("warn", "a connection could not be counted", { realm, reason: String(error) });
    return true;
  }
};

/** Holds the client's socket in this Worker for as long as it lives. `outlast` keeps work alive that its end begins. */
const serve = (environment: Environment, admission: Admission, outlast: (work: Promise<unknown>) => void): WebSocket => {
  const { 0: client, 1: server } = new WebSocketPair();
  server.binaryType = "arraybuffer";
  server.accept();
  const { realm, userId, sessionId, id, negotiated } = admission;
  const gatewayLog = createLog(parseLogSetting(environment.LOG_LEVEL), "gateway");
  const log: LogPort = { log: (level, message, details) => gatewayLog.log(level, message, { ...details, connection: id }) };
  log.log("detail", "a client connected", { realm, user: userId, mode: negotiated.mode, version: negotiated.version });
  let open = true;
  const ignoreWhenClosed = (act: () => void): void => {
    if (open) act();
  };
  const connection = new ClientConnection(
    {
      client: {
        send: (frame) => ignoreWhenClosed(() => server.send(frame)),
        close: (code, reason) => ignoreWhenClosed(() => server.close(code, reason)),
      },
      authorise: (key) => authorisePartition(environment.DB, { realm, key }, { userId, sessionId }),
      open: (key, access) =>
        openLink(environment, { address: { realm, key }, info: infoOf(admission, access), sessionId, connectionId: id, peer: "gateway" }),
      log,
    },
    { mode: negotiated.mode, version: negotiated.version, zlib, limits: gatewayLimits.wire },
    gatewayLimits,
  );
  // A lease that could be neither renewed nor given back runs out by itself: the client's connection does not depend on it.
  const renewal = setInterval(
    () =>
      outlast(
        meterOf(environment, realm)
          .renewConnection(id, userId)
          .catch(() => {}),
      ),
    renewalInterval,
  );
  const gone = (): void => {
    if (!open) return;
    open = false;
    connection.disconnect();
    clearInterval(renewal);
    outlast(
      meterOf(environment, realm)
        .releaseConnection(id)
        .catch(() => {}),
    );
    log.log("detail", "a client is gone");
  };
  server.addEventListener("message", ({ data }) => {
    connection.receive(data instanceof ArrayBuffer ? new Uint8Array(data) : String(data));
  });
  server.addEventListener("close", gone);
  server.addEventListener("error", gone);
  return client;
};

/** The sync sockets: one for all partitions of a user, as SDKs open it, and one for a single partition named in the URL. */
export const gateway = new Hono<WorkerHono>();

gateway.get("/api/client/v2.0/app/:realm/realm-sync", async (context) => {
  const admission = await admit(context, context.req.param("realm"), "baas_at");
  if (admission instanceof Response) return admission;
  if (!(await hasRoom(context.env, admission))) return refuse(context, "MaintenanceInProgress", "a limit of the realm is reached");
  const outlast = (work: Promise<unknown>): void => context.executionCtx.waitUntil(work);
  return switchProtocols(serve(context.env, admission, outlast), admission);
});

// The partition is its canonical key, percent-encoded: `s:shopping`, `i:42`, `null`. The client's socket goes to the partition itself, with no
// Worker between them; what its BINDs say about the partition is not read.
gateway.get("/realms/:realm/partitions/:partition/sync", async (context) => {
  const { realm, partition: key } = context.req.param();
  if (partitionOfKey(key) === undefined) return refuse(context, "BadRequest", "no such partition key");
  const admission = await admit(context, realm, "token");
  if (admission instanceof Response) return admission;
  const address = { realm: admission.realm, key };
  const authorisation = await authorisePartition(context.env.DB, address, admission);
  if (authorisation.kind !== "access" || admission.negotiated.mode === "flexible") return refuse(context, "Forbidden");
  if (!(await hasRoom(context.env, admission))) return refuse(context, "MaintenanceInProgress", "a limit of the realm is reached");
  const { webSocket } = await stubOf(context.env, address).fetch(
    handshakeRequest({
      address,
      info: infoOf(admission, authorisation.access),
      sessionId: admission.sessionId,
      connectionId: admission.id,
      peer: "client",
    }),
  );
  if (webSocket === null) return refuse(context, "MaintenanceInProgress");
  return switchProtocols(webSocket, admission);
});

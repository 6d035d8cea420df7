import { exports } from "cloudflare:workers";
import { defaultLimits, type Mode } from "../../../src/protocol/wire.ts";
import { highestVersion, type ProtocolVersion } from "../../../src/protocol/version.ts";
import { tokenOf } from "../../../src/protocol/negotiation.ts";
import { zlib } from "../../../src/platform/zlib.ts";
import { WireConnection } from "../../support/wire/connection.ts";

export interface ConnectOptions {
  readonly realm?: string;
  readonly token?: string;
  /** Sent as `Authorization: Bearer …` instead of in the URL. */
  readonly headerToken?: string;
  readonly mode?: Mode;
  readonly version?: ProtocolVersion;
  /** The whole `Sec-WebSocket-Protocol` header; null leaves it out. */
  readonly offer?: string | null;
  /** Another path, for clients that name their partition in the URL. */
  readonly path?: string;
}

/** Asks for a sync socket and returns the answer, a 101 or a refusal. */
export const upgrade = ({
  realm = "users",
  token,
  headerToken,
  mode = "partition",
  version = highestVersion,
  offer,
  path,
}: ConnectOptions): Promise<Response> => {
  const url = path ?? `/api/client/v2.0/app/${realm}/realm-sync${token === undefined ? "" : `?baas_at=${encodeURIComponent(token)}`}`;
  const offered = offer === undefined ? tokenOf(mode, version) : offer;
  return exports.default.fetch(`http://reeve.test${url}`, {
    headers: {
      Upgrade: "websocket",
      ...(offered === null ? {} : { "Sec-WebSocket-Protocol": offered }),
      ...(headerToken === undefined ? {} : { Authorization: `Bearer ${headerToken}` }),
    },
  });
};

/** An open sync connection. */
export const connect = async (options: ConnectOptions): Promise<WireConnection> => {
  const response = await upgrade(options);
  const { webSocket } = response;
  if (webSocket === null) throw new Error(`the upgrade was refused with ${response.status}: ${await response.text()}`);
  webSocket.binaryType = "arraybuffer";
  const { mode = "partition", version = highestVersion } = options;
  const connection = new WireConnection(
    { send: (frame) => webSocket.send(frame), close: () => webSocket.close(1001) },
    { mode, version, zlib, limits: defaultLimits },
  );
  webSocket.addEventListener("message", ({ data }) => {
    if (data instanceof ArrayBuffer) connection.heard(new Uint8Array(data));
  });
  webSocket.addEventListener("close", ({ code, reason }) => connection.ended({ code, reason }));
  webSocket.accept();
  return connection;
};

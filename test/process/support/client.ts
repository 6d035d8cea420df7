import { tokenOf } from "../../../src/protocol/negotiation.ts";
import { highestVersion } from "../../../src/protocol/version.ts";
import { wireOf } from "../../support/wire/wires.ts";
import { WireConnection } from "../../support/wire/connection.ts";

/** A new anonymous user's access token. */
export const signIn = async (origin: string): Promise<string> => {
  const response = await fetch(`${origin}/api/client/v2.0/app/users/auth/providers/anon-user/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ provider: "anon-user" }),
  });
  const body: unknown = await response.json();
  if (typeof body === "object" && body !== null && "access_token" in body && typeof body.access_token === "string")
    return body.access_token;
  throw new Error(`sign-in failed with ${response.status}`);
};

/** Opens a sync connection as an SDK does; rejects when it is refused. */
export const connect = async (origin: string, token: string): Promise<WireConnection> => {
  const url = `${origin.replace(/^http/, "ws")}/api/client/v2.0/app/users/realm-sync?baas_at=${token}`;
  const socket = new WebSocket(url, tokenOf("partition", highestVersion));
  socket.binaryType = "arraybuffer";
  const connection = new WireConnection(
    {
      send: (frame) => {
        // Sending into a socket that just broke loses the frame, as a network does.
        if (socket.readyState === WebSocket.OPEN) socket.send(frame.slice());
      },
      close: () => socket.close(),
    },
    wireOf("partition"),
  );
  socket.addEventListener("message", ({ data }) => {
    if (data instanceof ArrayBuffer) connection.heard(new Uint8Array(data));
  });
  socket.addEventListener("close", ({ code, reason }) => connection.ended({ code, reason }));
  await new Promise<void>((opened, refused) => {
    socket.addEventListener("open", () => opened());
    socket.addEventListener("error", () => refused(new Error("the connection was refused")));
  });
  return connection;
};

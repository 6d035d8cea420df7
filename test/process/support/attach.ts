import type { Device } from "./device.ts";
import type { WireConnection } from "../../support/wire/connection.ts";

/** Binds devices to sessions of one connection and lets them hear until it closes. `heard` is called after each message. */
export const attach = async (connection: WireConnection, devices: readonly Device[], heard: () => void): Promise<void> => {
  const bySession = new Map(devices.map((device, index) => [index + 1, device]));
  for (const [session, device] of bySession) device.start(connection, session);
  for (;;) {
    const message = await connection.read();
    if (message === undefined) return;
    if (!("session" in message)) throw new Error(`a ${message.type} that no device waits for`);
    const device = bySession.get(message.session);
    if (device === undefined) throw new Error(`a ${message.type} for session ${message.session}`);
    device.hear(message);
    heard();
  }
};

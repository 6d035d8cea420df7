import { describe, expect, test } from "vitest";
import { stringPartition } from "../../../src/protocol/partition.ts";
import { Device } from "../../process/support/device.ts";
import type { WireConnection } from "../../support/wire/connection.ts";
import { connect } from "../support/connect.ts";
import { signIn } from "../support/sign-in.ts";

/** Hears what comes until a condition holds. */
const hearUntil = async (device: Device, connection: WireConnection, done: () => boolean): Promise<void> => {
  while (!done()) {
    const message = await connection.read();
    if (message === undefined) throw new Error("the connection closed");
    device.hear(message);
  }
};

describe("two clients of one partition", () => {
  test("what one uploads is acknowledged to it and reaches the other", async () => {
    const partition = stringPartition("two-clients");
    const [one, two] = [new Device("one", partition), new Device("two", partition)];
    const first = await connect({ token: (await signIn()).token });
    one.start(first, 1);
    await hearUntil(one, first, () => one.isCaughtUp);
    one.found();
    one.make();
    one.uploadAll();
    await hearUntil(one, first, () => one.isDone);

    const second = await connect({ token: (await signIn()).token });
    two.start(second, 7);
    await hearUntil(two, second, () => two.isCaughtUp);
    expect(two.creations).toEqual(one.creations);
    expect(two.counter).toBe(1n);

    two.make();
    two.uploadAll();
    await hearUntil(one, first, () => one.creations.has("two-0"));
    expect(one.creations.get("two-0")).toBe(1);
    first.close();
    second.close();
  });
});

import { describe, expect, test } from "vitest";
import { stringPartition } from "../../../src/protocol/partition.ts";
import { Device } from "../../process/support/device.ts";
import type { WireConnection } from "../../process/support/wire-connection.ts";
import { connect } from "../support/connect.ts";
import { signIn } from "../support/sign-in.ts";

/** Integrates what comes until the server says that this is everything. */
const catchUp = async (device: Device, connection: WireConnection): Promise<void> => {
  for (;;) {
    const message = await connection.read();
    if (message?.type === "download") device.integrate(message);
    else if (message?.type === "mark") return;
    else throw new Error(`unexpected ${JSON.stringify(message)}`);
  }
};

describe("two clients of one partition", () => {
  test("what one uploads is acknowledged to it and reaches the other", async () => {
    const partition = stringPartition("two-clients");
    const [one, two] = [new Device("one", partition), new Device("two", partition)];
    const first = await connect({ token: (await signIn()).token });
    await one.start(first, 1);
    await catchUp(one, first);
    one.found();
    one.make();
    one.uploadAll();
    while (!one.isDone) one.integrate(await first.expect("download"));

    const second = await connect({ token: (await signIn()).token });
    await two.start(second, 7);
    await catchUp(two, second);
    expect(two.creations).toEqual(one.creations);
    expect(two.counter).toBe(1n);

    two.make();
    two.uploadAll();
    one.integrate(await first.expect("download"));
    expect(one.creations.get("two-0")).toBe(1);
    first.close();
    second.close();
  });
});

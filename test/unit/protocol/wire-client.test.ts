import { describe, expect, it } from "vitest";
import { encodeDown } from "../../../src/protocol/down.ts";
import { sessionError } from "../../../src/protocol/refusal.ts";
import { decodeUp } from "../../../src/protocol/up.ts";
import { ClientFile } from "../../support/wire/client-file.ts";
import { WireConnection } from "../../support/wire/connection.ts";
import { socketPair } from "../../support/wire/socket.ts";
import { bytesOf, textOf, wireOf } from "../../support/wire/wires.ts";

const wire = wireOf("partition");

/** A client whose server is the test: `say` sends frames, `heard` tells what the client sent since it was last asked. */
const conversation = (file = new ClientFile()) => {
  const { socket, far } = socketPair();
  const connection = new WireConnection(socket, wire);
  let told = 0;
  return {
    file,
    connection,
    say: (...frames: readonly string[]) => frames.forEach((frame) => far.send(bytesOf(frame))),
    heard: (): readonly string[] => {
      const frames = far.received.slice(told).map(textOf);
      told = far.received.length;
      return frames;
    },
    far,
  };
};

const schema = "s".repeat(39);
const write = "w".repeat(32);
const other = "o".repeat(15);
const latin = (text: string): Uint8Array => bytesOf(text);

describe("the protocol client for tests", () => {
  it("[§17.1] [K2–K12] says what a real client says, number for number", async () => {
    const { file, connection, say, heard } = conversation();
    file.commit(latin(schema), 375225469296);
    say('log_message 0 47⏎{"level":"info","msg":"hello","co_id":"65f0a1"}');
    const session = connection.bind(file, '"part"');
    expect(heard()).toEqual(['bind 1 6 0 1 0⏎"part"']);
    say("ident 1 7 1007⏎");
    expect(heard()).toEqual(["ident 1 7 1007 0 0 0 0⏎", "mark 1 2⏎"]);
    say(`download 1 5 0 5 99 0 0 0 0 52 0⏎5 0 100 1 36 36 ${"x".repeat(36)}`);
    expect(heard()).toEqual([]);
    say("mark 1 2⏎");
    await session.ready();
    expect(heard()).toEqual([`upload 1 0 61 0 4 5 5⏎2 0 375225469296 0 39 ${schema}`]);
    file.commit(latin(write), 375225469367);
    say("download 1 6 4 6 99 4 5 0 0 0 0⏎");
    expect(heard()).toEqual([`upload 1 0 54 0 6 6 6⏎5 5 375225469367 0 32 ${write}`]);
    say("download 1 7 6 7 99 6 6 0 0 0 0⏎");
    await session.uploaded();
    expect(heard()).toEqual(["upload 1 0 0 0 7 7 7⏎"]);
    say(`download 1 8 6 8 99 7 7 0 0 40 0⏎8 6 375223618500 3 15 15 ${other}`);
    await session.downloaded(8);
    expect(heard()).toEqual(["upload 1 0 0 0 8 8 8⏎"]);
    const unbound = session.unbind();
    expect(heard()).toEqual(["unbind 1⏎"]);
    say("unbound 1⏎");
    await unbound;
    expect(file.received.map(({ serverVersion }) => serverVersion)).toEqual([5, 8]);
  });

  it("[K7] resumes a file where the server has it, and uploads again what was not acknowledged", () => {
    const first = conversation();
    first.file.commit(latin("a"), 1);
    first.connection.bind(first.file, '"part"', { waitForMark: false });
    first.say("ident 1 7 1007⏎", "download 1 0 0 0 0 0 0 0 0 0 0⏎");
    const upload = first.heard().find((frame) => frame.startsWith("upload"));
    expect(upload).toBe("upload 1 0 11 0 2 0 0⏎2 0 1 0 1 a");
    first.connection.drop();

    const second = conversation(first.file);
    second.connection.bind(first.file, '"part"', { session: 4, waitForMark: false });
    expect(second.heard()).toEqual(['bind 4 6 0 0 0⏎"part"', "ident 4 7 1007 0 0 0 0⏎", "mark 4 2⏎", "upload 4 0 11 0 4 0 0⏎2 0 1 0 1 a"]);
  });

  it("[K7] does not upload again what a DOWNLOAD reports as integrated", () => {
    const { file, connection, say, heard } = conversation();
    connection.bind(file, '"part"');
    say("ident 1 7 1007⏎");
    file.commit(latin("a"), 1);
    file.commit(latin("b"), 1);
    heard();
    say("download 1 2 3 2 99 3 0 0 0 0 0⏎", "mark 1 2⏎");
    expect(heard()).toEqual(["upload 1 0 11 0 5 2 2⏎4 0 1 0 1 b"]);
  });

  it("keeps as many UPLOADs in flight as told, each with as many changesets, and measures their way", () => {
    const { file, connection, say, heard } = conversation();
    const acknowledged: [number, number][] = [];
    const session = connection.bind(file, '"part"', {
      inFlight: 2,
      perUpload: 3,
      onAcknowledged: (clientVersion, changesets, milliseconds) => {
        expect(milliseconds).toBeGreaterThanOrEqual(0);
        acknowledged.push([clientVersion, changesets]);
      },
    });
    say("ident 1 7 1007⏎", "mark 1 2⏎");
    heard();
    session.pause();
    session.write(...Array.from({ length: 8 }, (_, index) => Uint8Array.of(index)));
    session.resume();
    const sizes = () =>
      heard()
        .map((frame) => decodeUp(bytesOf(frame), wire))
        .map((message) => (message.type === "upload" ? message.entries.length : -1));
    expect(sizes()).toEqual([3, 3]);
    say("download 1 3 5 3 99 5 0 0 0 0 0⏎");
    expect(acknowledged).toEqual([[5, 3]]);
    expect(sizes()).toEqual([2]);
  });

  it.each([
    ["P1", "download 1 5 1 4 99 1 0 0 0 0 0⏎"],
    ["P2", "download 1 5 1 5 99 0 0 0 0 0 0⏎"],
    ["P3", "download 1 5 1 5 99 99 0 0 0 0 0⏎"],
    ["P4", "download 1 4 1 5 99 1 0 0 0 0 0⏎"],
    ["P5", "download 1 6 1 5 99 1 0 0 0 0 0⏎"],
    ["P6", "download 1 5 0 5 99 1 0 0 0 0 0⏎"],
    ["P7", "download 1 5 2 5 99 1 0 0 0 0 0⏎"],
    ["P8", "download 1 5 1 5 99 1 6 0 0 0 0⏎"],
    ["P10", "download 1 6 1 6 99 1 0 0 0 12 0⏎5 1 1 3 0 0 "],
    ["P10", "download 1 6 1 6 99 1 0 0 0 12 0⏎7 1 1 3 0 0 "],
    ["P11", "download 1 6 1 6 99 1 0 0 0 12 0⏎6 2 1 3 0 0 "],
    ["P11", "download 1 6 1 6 99 1 0 0 0 12 0⏎6 0 1 3 0 0 "],
    ["P12", "download 1 6 1 6 99 1 0 0 0 12 0⏎6 1 1 7 0 0 "],
    ["P12", "download 1 6 1 6 99 1 0 0 0 12 0⏎6 1 1 0 0 0 "],
    ["§8.2", "unbound 1⏎"],
    ["§8.2", "mark 1 3⏎"],
    ["§8.2", "mark 2 3⏎"],
    ["§8.2", "pong 5⏎"],
    ["unsigned decimal", "mark 1 x⏎"],
  ])("[K9] fails loudly on a violation of %s", async (rule, frame) => {
    const { file, connection, say } = conversation();
    connection.bind(file, '"part"');
    say("ident 1 7 1007⏎", "download 1 5 1 5 99 1 0 0 0 0 0⏎");
    const never = connection.until(() => false, "nothing");
    say(frame);
    await expect(never).rejects.toThrow(rule);
  });

  it("[S9] [K14] tells of a session's error, and expects no UNBOUND after it", async () => {
    const { file, connection, heard, far } = conversation();
    const session = connection.bind(file, '"part"');
    far.send(encodeDown(sessionError(1, "PermissionDenied"), wire));
    expect((await session.failed()).code).toBe(206);
    await expect(session.ready()).rejects.toThrow("206");
    await session.unbind();
    expect(heard()).toEqual(['bind 1 6 0 1 0⏎"part"', "unbind 1⏎"]);
    await expect(connection.until(() => false, "nothing", 1)).rejects.toThrow("not within 1 ms");
  });

  it("measures PINGs, sends raw bytes, and counts frames both ways", async () => {
    const { connection, say, heard, far } = conversation();
    const answered = connection.ping();
    const [, timestamp] = heard()[0]!.split(" ");
    say(`pong ${timestamp}⏎`);
    expect(await answered).toBeGreaterThanOrEqual(0);
    connection.sendRaw(bytesOf("nonsense"));
    expect(heard()).toEqual(["nonsense"]);
    expect(connection.counters).toEqual({
      framesSent: 2,
      bytesSent: far.received[0]!.length + 8,
      framesReceived: 1,
      bytesReceived: `pong ${timestamp}\n`.length,
    });
    far.close(1011, "later");
    expect(connection.closed).toEqual({ code: 1011, reason: "later" });
    await expect(connection.until(() => false, "nothing")).rejects.toThrow("1011");
  });
});

import { afterEach, describe, expect, test, vi } from "vitest";
import { decodeDown, encodeDown, type DownMessage, type SentMessage } from "../../../src/protocol/down.ts";
import { stringPartition } from "../../../src/protocol/partition.ts";
import { compensatingWrite, connectionError, sessionError } from "../../../src/protocol/refusal.ts";
import { encodeUp, type UpMessage } from "../../../src/protocol/up.ts";
import { defaultLimits, type Wire } from "../../../src/protocol/wire.ts";
import { openBundle } from "../../../src/durable-objects/bundle.ts";
import type { Authorisation } from "../../../src/durable-objects/authorise-partition.ts";
import { ClientConnection } from "../../../src/worker/gateway/connection.ts";
import { gatewayLimits, type GatewayLimits } from "../../../src/worker/gateway/limits.ts";
import type { InternalListener, LinkOpening } from "../../../src/worker/gateway/partition-link.ts";
import { zlib } from "../../../src/platform/zlib.ts";

const wire: Wire = { mode: "partition", version: 14, zlib, limits: defaultLimits };
const text = new TextDecoder();
/** As long as a busy machine may need; what is awaited comes within microtasks. */
const eventually = <Result>(check: () => Result | Promise<Result>): Promise<Result> => vi.waitFor(check, { timeout: 15_000, interval: 5 });
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);
const full: Authorisation = { kind: "access", access: { mayRead: true, mayWrite: true, mayManage: false } };

/** The far end of an internal socket: what the gateway sent, and the test's hand on what comes back. */
class FarEnd {
  readonly messages: Uint8Array[] = [];
  closed: number | undefined;
  #listener: InternalListener | undefined;

  readonly opening: LinkOpening = {
    kind: "open",
    socket: {
      send: (message) => this.messages.push(message.slice()),
      close: (code) => {
        this.closed = code;
      },
      listen: (listener) => {
        this.#listener = listener;
      },
    },
  };

  /** Heads of the frames that arrived, in order. */
  get heads(): readonly string[] {
    return this.messages.flatMap((message) => openBundle(message)).map((frame) => text.decode(frame).split("\n")[0] ?? "");
  }

  answer(message: SentMessage): void {
    this.#listener?.message(encodeDown(message, wire));
  }

  drop(code = 1006): void {
    this.#listener?.closed(code, "test");
  }
}

interface Setup {
  readonly authorise?: (partition: string) => Promise<Authorisation>;
  readonly open?: (partition: string) => Promise<LinkOpening>;
  readonly limits?: Partial<GatewayLimits>;
}

/** A connection between a scripted client and scripted partitions. */
const setUp = ({ authorise = async () => full, open, limits = {} }: Setup = {}) => {
  const heard: DownMessage[] = [];
  const closes: number[] = [];
  const partitions = new Map<string, FarEnd[]>();
  const openFarEnd = async (partition: string): Promise<LinkOpening> => {
    const end = new FarEnd();
    partitions.set(partition, [...(partitions.get(partition) ?? []), end]);
    return end.opening;
  };
  const connection = new ClientConnection(
    {
      client: { send: (frame) => heard.push(decodeDown(frame, wire)), close: (code) => closes.push(code) },
      authorise,
      open: open ?? openFarEnd,
      log: { log: () => {} },
    },
    wire,
    { ...gatewayLimits, ...limits },
  );
  const say = (...messages: UpMessage[]): void => {
    for (const message of messages) connection.receive(encodeUp(message, wire));
  };
  /** The newest socket to a partition, once it is open. */
  const far = (partition: string): Promise<FarEnd> =>
    eventually(() => {
      const end = partitions.get(`s:${partition}`)?.at(-1);
      if (end === undefined) throw new Error(`no socket to ${partition}`);
      return end;
    });
  return { connection, heard, closes, partitions, say, far };
};

const bind = (session: number, partition: string): UpMessage => ({
  type: "bind",
  mode: "partition",
  session,
  needIdent: false,
  partition: stringPartition(partition),
});
const mark = (session: number, request: number): UpMessage => ({ type: "mark", session, request });
const unbind = (session: number): UpMessage => ({ type: "unbind", session });
const ping = (timestamp: number): UpMessage => ({ type: "ping", timestamp, roundTripTime: 0 });
const never = new Promise<never>(() => {});

describe("PING", () => {
  test("is answered at once while partitions are slow to open", async () => {
    const { say, heard } = setUp({ open: () => never });
    say(bind(1, "p"), ping(7));
    expect(heard).toEqual([{ type: "pong", timestamp: 7 }]);
  });
});

describe("relaying", () => {
  test("[2.2] messages wait for authorisation and socket, and keep their order", async () => {
    const { say, far } = setUp();
    say(bind(1, "p"), mark(1, 1), mark(1, 2));
    const end = await far("p");
    await eventually(() => expect(end.heads).toEqual(["bind 1 3 0 0 0", "mark 1 1", "mark 1 2"]));
    say(mark(1, 3));
    await eventually(() => expect(end.heads.at(-1)).toBe("mark 1 3"));
  });

  test("sessions of one partition share a socket; another partition has its own", async () => {
    const { say, far, partitions } = setUp();
    say(bind(1, "p"), bind(2, "p"), bind(3, "q"));
    const [p, q] = [await far("p"), await far("q")];
    await eventually(() => expect(p.heads).toEqual(["bind 1 3 0 0 0", "bind 2 3 0 0 0"]));
    await eventually(() => expect(q.heads).toEqual(["bind 3 3 0 0 0"]));
    expect(partitions.get("s:p")).toHaveLength(1);
  });

  test("what waited for the socket goes as one message", async () => {
    const { say, far } = setUp();
    say(bind(1, "p"));
    for (let request = 1; request <= 100; request++) say(mark(1, request));
    const end = await far("p");
    await eventually(() => expect(end.heads).toHaveLength(101));
    expect(end.messages).toHaveLength(1);
    expect(end.heads.at(-1)).toBe("mark 1 100");
  });

  test("what partitions say reaches the client as it is", async () => {
    const { say, far, heard } = setUp();
    say(bind(1, "p"));
    const end = await far("p");
    await eventually(() => expect(end.messages).toHaveLength(1));
    end.answer({ type: "ident", session: 1, fileIdent: 2, salt: 5n });
    end.answer({ type: "mark", session: 1, request: 1 });
    expect(heard).toEqual([
      { type: "ident", session: 1, fileIdent: 2, salt: 5n },
      { type: "mark", session: 1, request: 1 },
    ]);
  });

  test("after the last UNBOUND the socket is closed, so that the next BIND is authorised anew", async () => {
    const authorise = vi.fn(async () => full);
    const { say, far, partitions } = setUp({ authorise });
    say(bind(1, "p"));
    const end = await far("p");
    await eventually(() => expect(end.messages).toHaveLength(1));
    say(unbind(1));
    end.answer({ type: "unbound", session: 1 });
    expect(end.closed).toBe(1000);
    say(bind(1, "p"));
    await eventually(() => expect(partitions.get("s:p")).toHaveLength(2));
    expect(authorise).toHaveBeenCalledTimes(2);
  });

  test("UNBIND before the partition was asked is answered by the gateway", async () => {
    let decide: (authorisation: Authorisation) => void = () => {};
    const { say, heard, partitions } = setUp({ authorise: () => new Promise((resolve) => void (decide = resolve)) });
    say(bind(1, "p"), mark(1, 1), unbind(1));
    expect(heard).toEqual([{ type: "unbound", session: 1 }]);
    decide(full);
    await Promise.resolve();
    expect(partitions.size).toBe(0);
  });
});

describe("errors of one session", () => {
  test("[SS4] an illegal partition value is refused with 204; the connection and later BINDs live", async () => {
    const { connection, say, heard, far } = setUp();
    connection.receive(bytes('bind 1 8 0 0 0\n{"$x":1}'));
    say(mark(1, 1), unbind(1), bind(1, "p"), ping(1));
    expect(heard).toMatchObject([{ session: 1, code: 204 }, { type: "pong" }]);
    await eventually(async () => expect((await far("p")).heads).toEqual(["bind 1 3 0 0 0"]));
  });

  test("[S9] after the partition's error only UNBIND is passed on, and the ident may be bound again", async () => {
    const { say, far, heard } = setUp();
    say(bind(1, "p"), bind(2, "p"));
    const end = await far("p");
    await eventually(() => expect(end.heads).toHaveLength(2));
    end.answer(sessionError(1, "BadChangeset"));
    say(mark(1, 1), unbind(1), bind(1, "p"));
    await eventually(() => expect(end.heads.slice(2)).toEqual(["unbind 1", "bind 1 3 0 0 0"]));
    expect(heard).toHaveLength(1);
  });

  test("[S9] 231 leaves the session running", async () => {
    const { say, far } = setUp();
    say(bind(1, "p"));
    const end = await far("p");
    await eventually(() => expect(end.heads).toHaveLength(1));
    end.answer(compensatingWrite(1, { clientVersion: 3, serverVersion: 4, updates: [] }));
    say(mark(1, 1));
    await eventually(() => expect(end.heads).toHaveLength(2));
  });

  test("too many sessions are put off with 201 Transient", () => {
    const { say, heard } = setUp({ limits: { sessions: 2 }, open: () => never });
    say(bind(1, "p"), bind(2, "p"), bind(3, "p"));
    expect(heard).toMatchObject([{ session: 3, code: 201, action: "Transient" }]);
  });

  test("a client that binds again and again is sent to a new connection with 1011", () => {
    const { say, heard, closes } = setUp({ limits: { binds: 3 }, open: () => never });
    for (let round = 0; round < 4; round++) say(bind(1, "p"), unbind(1));
    expect(heard).toHaveLength(3);
    expect(closes).toEqual([1011]);
  });

  test("a store that cannot say what the user may do puts the session off with 229 and a growing delay", async () => {
    const { say, heard } = setUp({ authorise: () => Promise.reject(new Error("no store")) });
    say(bind(1, "p"));
    await eventually(() => expect(heard).toMatchObject([{ session: 1, code: 229, action: "Transient", backoff: { factor: 2 } }]));
  });

  test("[IN6] a partition whose history is missing lets its devices wait with 229 and a growing delay", async () => {
    const { say, heard } = setUp({ open: async () => ({ kind: "historyMissing" }) });
    say(bind(1, "p"));
    await eventually(() => expect(heard).toMatchObject([{ session: 1, code: 229, action: "Transient", backoff: { factor: 2 } }]));
  });
});

describe("a partition's socket that drops", () => {
  test("ends its own sessions with 200 Transient and no others; the connection goes on", async () => {
    const { say, far, heard, closes, partitions } = setUp();
    say(bind(1, "p"), bind(2, "p"), bind(3, "q"));
    const [p, q] = [await far("p"), await far("q")];
    await eventually(() => expect(p.heads).toHaveLength(2));
    p.drop();
    expect(heard).toMatchObject([
      { session: 1, code: 200, action: "Transient" },
      { session: 2, code: 200, action: "Transient" },
    ]);
    say(unbind(1), bind(1, "p"), mark(3, 1));
    await eventually(() => expect(partitions.get("s:p")?.at(1)?.heads).toEqual(["bind 1 3 0 0 0"]));
    await eventually(() => expect(q.heads).toHaveLength(2));
    expect(heard).toHaveLength(2);
    expect(closes).toEqual([]);
  });

  test("a session that waits for UNBOUND gets it", async () => {
    const { say, far, heard } = setUp();
    say(bind(1, "p"));
    const end = await far("p");
    await eventually(() => expect(end.heads).toHaveLength(1));
    say(unbind(1));
    end.drop();
    expect(heard).toEqual([{ type: "unbound", session: 1 }]);
  });

  test("a code meant for the user closes the client's connection with it", async () => {
    const { say, far, closes } = setUp();
    say(bind(1, "p"), bind(2, "q"));
    const [p, q] = [await far("p"), await far("q")];
    await eventually(() => expect(q.heads).toHaveLength(1));
    p.drop(4002);
    expect(closes).toEqual([4002]);
    expect(q.closed).toBe(1000);
  });

  test("a connection for which no partition answers is given up with 1011", async () => {
    const { say, closes } = setUp({ limits: { failedLinks: 2 }, open: () => Promise.reject(new Error("too many subrequests")) });
    say(bind(1, "p"), bind(2, "q"));
    await eventually(() => expect(closes).toEqual([1011]));
  });
});

describe("a silent client", () => {
  afterEach(() => void vi.useRealTimers());

  test("is dropped with 1011 after the time in which it would have sent many PINGs; one that sends them is not", async () => {
    vi.useFakeTimers();
    const [silent, living] = [setUp(), setUp()];
    for (let minute = 0; minute < 25; minute++) {
      living.say(ping(minute));
      await vi.advanceTimersByTimeAsync(60_000);
    }
    expect([silent.closes, living.closes]).toEqual([[1011], []]);
    living.connection.disconnect();
  });
});

describe("errors of the connection", () => {
  test.each([
    ["an unknown session", 106, (setup: ReturnType<typeof setUp>) => setup.say(mark(9, 1))],
    ["a bound ident bound again", 107, (setup: ReturnType<typeof setUp>) => setup.say(bind(1, "p"), bind(1, "q"))],
    ["an unknown message", 102, (setup: ReturnType<typeof setUp>) => setup.connection.receive(bytes("hello 1\n"))],
    ["a broken head", 103, (setup: ReturnType<typeof setUp>) => setup.connection.receive(bytes("bind 1 x\n"))],
    ["text instead of binary", 103, (setup: ReturnType<typeof setUp>) => setup.connection.receive("mark 1 1\n")],
    [
      "a frame above the limit",
      101,
      (setup: ReturnType<typeof setUp>) => setup.connection.receive(new Uint8Array(gatewayLimits.wire.frame + 1)),
    ],
  ])("%s is answered with %i, once, and nothing is read any more", async (_name, code, provoke) => {
    const setup = setUp({ open: () => never });
    provoke(setup);
    setup.say(ping(1));
    expect(setup.heard).toMatchObject([{ type: "json_error", session: 0, code, tryAgain: false }]);
  });

  test("a flood of messages for partitions that do not open is refused with 101", () => {
    const { say, heard } = setUp({ open: () => never, limits: { waitingBytes: 100 } });
    say(bind(1, "p"));
    for (let request = 1; request < 20; request++) say(mark(1, request));
    expect(heard).toMatchObject([{ session: 0, code: 101 }]);
  });

  test("a partition's own error for the connection ends it and the other partitions' sockets", async () => {
    const { say, far, heard, closes } = setUp({ limits: { lingering: 1 } });
    say(bind(1, "p"), bind(2, "q"));
    const [p, q] = [await far("p"), await far("q")];
    await eventually(() => expect(p.heads).toHaveLength(1));
    p.answer(connectionError("BadMessageOrder"));
    expect(heard).toMatchObject([{ session: 0, code: 109 }]);
    expect(q.closed).toBe(1000);
    await eventually(() => expect(closes).toEqual([1011]));
  });

  test("the client's departure closes all partitions' sockets", async () => {
    const { connection, say, far } = setUp();
    say(bind(1, "p"), bind(2, "q"));
    const [p, q] = [await far("p"), await far("q")];
    await eventually(() => expect(q.heads).toHaveLength(1));
    connection.disconnect();
    expect([p.closed, q.closed]).toEqual([1000, 1000]);
  });
});

import { afterEach, describe, expect, test } from "vitest";
import { schema } from "../../support/simulation/edits.ts";
import { create, title } from "./edits.ts";
import { Bench, downloadsIn, errorsIn, typesOf } from "./peer.ts";

let bench = new Bench();
afterEach(() => {
  bench.server.close();
  bench = new Bench();
});

describe("what survives (§15, §16)", () => {
  test("a running session goes on after hibernation with the cursor of what was sent", () => {
    const peer = bench.peer("a");
    peer.open();
    peer.upload([[2, 0, schema]]);
    peer.answers();
    bench.server.hibernate();
    peer.upload([[4, 1, [create(1)]]], { locked: 1 });
    expect(downloadsIn(peer.answers())).toMatchObject([{ entries: [], download: { serverVersion: 2, clientVersion: 4 } }]);
    bench.server.hibernate();
    peer.upload([[6, 9, [create(2)]]], { locked: 1 });
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 209 }]);
  });

  test("sessions in every state are told apart after hibernation", () => {
    const peer = bench.peer("a");
    peer.open(1);
    peer.bind(2, false);
    peer.bind(3, false);
    peer.ident(99, 1n, { session: 3 });
    peer.answers();
    bench.server.hibernate();
    peer.unbind(3);
    peer.unbind(2);
    peer.mark(4, 1);
    expect(typesOf(peer.answers())).toEqual(["unbound", "mark"]);
  });

  test("a connection that was refused stays refused", () => {
    const peer = bench.peer("a");
    peer.mark();
    peer.answers();
    bench.server.hibernate();
    peer.bind();
    expect(peer.answers()).toEqual([]);
  });

  test("an attachment that is not understood is not taken", () => {
    const { sessions } = bench.server;
    for (const attachment of [undefined, null, 7, {}, { format: 99 }, { format: 1, info: {}, open: true, sessions: [] }]) {
      expect(sessions.restore("x", attachment)).toBe(false);
    }
    expect(sessions.metrics().connections).toBe(0);
  });

  test("the attachment of a connection with as many sessions as are allowed is far below 16 KB", () => {
    const peer = bench.peer("a".repeat(64));
    for (let session = 1; session <= 64; session++) peer.open(session);
    peer.bind(65);
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 200, session: 65, action: "Transient" }]);
    expect(JSON.stringify(bench.server.sessions.attachment(peer.id)).length).toBeLessThan(12_000);
    // Whoever goes on without ever sending UNBIND loses the connection.
    for (let session = 66; session <= 90; session++) peer.bind(session);
    expect(errorsIn(peer.answers()).at(-1)).toMatchObject({ code: 101, session: 0 });
    expect(JSON.stringify(bench.server.sessions.attachment(peer.id)).length).toBeLessThan(1000);
  });

  test("[CR1] nothing is acknowledged that a crash could lose: each write of a turn may be the last", () => {
    for (let writes = 0; writes < 4; writes++) {
      const peer = bench.peer(`a${writes}`);
      const { fileIdent } = peer.open();
      peer.upload([[2, bench.server.store.history.current, [...schema, create(1), title(1, "x")]]], {
        locked: 0,
        progress: [2, bench.server.store.history.current],
      });
      bench.server.turnAndCrash(writes);
      const { history, files } = bench.server.store;
      const integrated = history.current > 0 && history.entry(history.current).origin === fileIdent;
      expect(files.get(fileIdent)?.clientVersion).toBe(integrated ? 2 : 0);
    }
  });

  test("after a failed commit the sessions refuse to go on", () => {
    const peer = bench.peer("a");
    peer.bind();
    const { sessions } = bench.server;
    bench.server.turnAndCrash(0);
    expect(() => sessions.turn()).toThrow();
  });
});

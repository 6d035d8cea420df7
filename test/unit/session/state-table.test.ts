import { describe, expect, test } from "vitest";
import type { UpMessage } from "../../../src/protocol/up.ts";
import { stringPartition } from "../../../src/protocol/partition.ts";
import type { SessionMessageType, SessionState } from "../../../src/session/transitions.ts";
import { Bench, typesOf, type Peer } from "./peer.ts";

/** Brings session 1 of a peer into a state. */
const into: { readonly [State in SessionState]: (peer: Peer) => { readonly fileIdent: number; readonly salt: bigint } } = {
  none: () => ({ fileIdent: 2, salt: 5n }),
  waitIdent: (peer) => {
    peer.bind();
    const [answer] = peer.answers();
    if (answer?.type !== "ident") throw new Error("no IDENT");
    return answer;
  },
  running: (peer) => peer.open(),
  ended: (peer) => {
    peer.bind(1, false);
    peer.ident(77, 1n);
    peer.answers();
    return { fileIdent: 77, salt: 1n };
  },
};

const messages: {
  readonly [Type in Exclude<SessionMessageType, "query">]: (file: { readonly fileIdent: number; readonly salt: bigint }) => UpMessage;
} = {
  bind: () => ({ type: "bind", mode: "partition", session: 1, needIdent: false, partition: stringPartition("part") }),
  ident: ({ fileIdent, salt }) => ({
    type: "ident",
    mode: "partition",
    session: 1,
    fileIdent,
    salt,
    download: { serverVersion: 0, clientVersion: 0 },
    latest: { version: 0, salt: 0n },
  }),
  upload: () => ({ type: "upload", session: 1, progress: { clientVersion: 4, serverVersion: 0 }, lockedServerVersion: 0, entries: [] }),
  mark: () => ({ type: "mark", session: 1, request: 9 }),
  json_error: () => ({ type: "json_error", session: 1, code: 212, message: "no" }),
  test_command: () => ({ type: "test_command", session: 1, request: 3, command: "{}" }),
  refresh: () => ({ type: "refresh", session: 1 }),
  unbind: () => ({ type: "unbind", session: 1 }),
};

// What server-semantics §2.1 says is answered: message types, or the number of a connection-level error.
const expected: { readonly [State in SessionState]: { readonly [Type in keyof typeof messages]: readonly string[] | number } } = {
  none: { bind: [], ident: 106, upload: 106, mark: 106, json_error: 106, test_command: 106, refresh: 106, unbind: 106 },
  waitIdent: {
    bind: 107,
    ident: ["download"],
    upload: 109,
    mark: 109,
    json_error: 109,
    test_command: ["test_command"],
    refresh: [],
    unbind: ["unbound"],
  },
  running: {
    bind: 107,
    ident: 109,
    upload: [],
    mark: ["mark"],
    json_error: ["json_error"],
    test_command: ["test_command"],
    refresh: [],
    unbind: ["unbound"],
  },
  ended: { bind: 107, ident: [], upload: [], mark: [], json_error: [], test_command: [], refresh: [], unbind: [] },
};

describe("[§2.1] every message in every state", () => {
  for (const [state, row] of Object.entries(expected) as [SessionState, (typeof expected)[SessionState]][]) {
    for (const [type, answer] of Object.entries(row) as [keyof typeof messages, readonly string[] | number][]) {
      test(`${type} in ${state} → ${typeof answer === "number" ? `error ${answer}` : answer.join() || "nothing"}`, () => {
        const bench = new Bench();
        const peer = bench.peer("a");
        const file = into[state](peer);
        peer.send(messages[type](file));
        const answers = peer.answers();
        if (typeof answer === "number") {
          expect(answers).toMatchObject([{ type: "json_error", session: 0, code: answer, tryAgain: false }]);
          // After a connection error nothing is answered any more, not even PING (§9.2).
          peer.send({ type: "ping", timestamp: 1, roundTripTime: 0 });
          expect(peer.answers()).toEqual([]);
        } else expect(typesOf(answers)).toEqual(answer);
        bench.server.close();
      });
    }
  }

  test("PING is answered in every state, before everything else (SS3)", () => {
    for (const state of Object.keys(into) as SessionState[]) {
      const bench = new Bench();
      const peer = bench.peer("a");
      into[state](peer);
      peer.send({ type: "bind", mode: "partition", session: 5, needIdent: true, partition: stringPartition("part") });
      peer.send({ type: "ping", timestamp: 81_943_112, roundTripTime: 15 });
      expect(typesOf(peer.answers())).toEqual(["pong", "ident"]);
      bench.server.close();
    }
  });

  test("a session ident may be bound again after UNBIND", () => {
    const bench = new Bench();
    const peer = bench.peer("a");
    const { fileIdent, salt } = peer.open();
    peer.unbind();
    peer.bind(1, false);
    peer.ident(fileIdent, salt);
    expect(typesOf(peer.answers())).toEqual(["unbound", "download"]);
    bench.server.close();
  });

  test("nothing is answered to what was on its way after an error, UNBIND included (S9)", () => {
    const bench = new Bench();
    const peer = bench.peer("a");
    peer.bind(1, false);
    peer.ident(99, 1n);
    peer.mark();
    peer.upload([]);
    peer.unbind();
    expect(peer.answers()).toMatchObject([{ type: "json_error", session: 1 }]);
    bench.server.close();
  });
});

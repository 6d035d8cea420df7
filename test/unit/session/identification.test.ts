import { afterEach, describe, expect, test } from "vitest";
import { schema } from "../../support/simulation/edits.ts";
import { create, title } from "./edits.ts";
import { Bench, downloadsIn, errorsIn, typesOf } from "./peer.ts";

let bench = new Bench();
afterEach(() => {
  bench.server.close();
  bench = new Bench();
});

/** A partition with a file that uploaded client versions 2 and 3 as server versions 1 and 2, and integrated them. */
function withHistory() {
  const peer = bench.peer("a");
  const file = peer.open();
  peer.upload([
    [2, 0, schema],
    [3, 0, [create(1)]],
  ]);
  const acknowledged = downloadsIn(peer.answers()).at(-1)!;
  peer.upload([], { progress: [5, 2], locked: 2 });
  peer.answers();
  return { peer, ...file, latestSalt: acknowledged.latest.salt };
}

describe("allocating file idents", () => {
  test("[ID1] idents are sequential from 2 and not reused after a restart", () => {
    const idents = ["a", "b", "c"].map((id) => bench.peer(id).open().fileIdent);
    bench.server.crash();
    expect([...idents, bench.peer("d").open().fileIdent]).toEqual([2, 3, 4, 5]);
  });

  test("[ID2] the ident is durable before IDENT is sent, and is no server version", () => {
    const peer = bench.peer("a");
    peer.bind();
    const { outgoing } = bench.turn();
    expect(outgoing).toHaveLength(1);
    expect(bench.server.sql.all("SELECT ident FROM client_file")).toMatchObject([{ ident: 2 }]);
    expect(bench.server.store.history.current).toBe(0);
  });

  test("[ID2] a process that dies before the ident is stored sends none", () => {
    bench.peer("a").bind();
    bench.server.turnAndCrash(0);
    expect(bench.server.sql.all("SELECT ident FROM client_file")).toEqual([]);
  });

  test("salts are between 1 and 2^53−1 and differ", () => {
    const salts = ["a", "b"].map((id) => bench.peer(id).open().salt);
    expect(new Set(salts).size).toBe(2);
    for (const salt of salts) expect(salt > 0n && salt < 2n ** 53n).toBe(true);
  });
});

describe("[§4] what an IDENT is refused with", () => {
  const refused = (
    code: number,
    action: string,
    change: (known: ReturnType<typeof withHistory>, again: ReturnType<Bench["peer"]>) => void,
  ) => {
    const known = withHistory();
    bench.server.disconnect("a");
    const again = bench.peer("a2", { userId: "a" });
    again.bind(1, false);
    change(known, again);
    expect(errorsIn(again.answers())).toMatchObject([{ code, action, session: 1, tryAgain: false }]);
  };

  test("the file as it is, is accepted and gets a DOWNLOAD although nothing is new (IN3)", () => {
    const { fileIdent, salt, latestSalt } = withHistory();
    bench.server.disconnect("a");
    const again = bench.peer("a2", { userId: "a" });
    again.bind(1, false);
    again.ident(fileIdent, salt, { server: 2, client: 3, latestSalt });
    expect(again.answers()).toMatchObject([
      { type: "download", entries: [], download: { serverVersion: 2, clientVersion: 3 }, upload: { clientVersion: 5 } },
    ]);
  });

  test("1: an unknown ident → 208", () => refused(208, "ClientReset", ({ salt }, peer) => peer.ident(9, salt)));
  test("2: another salt → 211", () => refused(211, "ClientReset", ({ fileIdent, salt }, peer) => peer.ident(fileIdent, salt + 1n)));
  test("2: a salt beyond 2^53 that rounds to the stored one → 211", () =>
    refused(211, "ClientReset", ({ fileIdent, salt }, peer) => peer.ident(fileIdent, salt + 2n ** 62n)));
  test("5: a cursor beyond the history → 209", () =>
    refused(209, "ClientReset", ({ fileIdent, salt, latestSalt }, peer) =>
      peer.ident(fileIdent, salt, { server: 3, client: 3, latest: 3, latestSalt }),
    ));
  test("6: a client version that was never integrated → 210", () =>
    refused(210, "ClientReset", ({ fileIdent, salt, latestSalt }, peer) =>
      peer.ident(fileIdent, salt, { server: 2, client: 50, latestSalt }),
    ));
  test("7: a cursor beyond the latest version it claims to know → 209", () =>
    refused(209, "ClientReset", ({ fileIdent, salt, latestSalt }, peer) =>
      peer.ident(fileIdent, salt, { server: 2, client: 3, latest: 1, latestSalt }),
    ));
  test("8: another salt of the latest version → 211", () =>
    refused(211, "ClientReset", ({ fileIdent, salt, latestSalt }, peer) =>
      peer.ident(fileIdent, salt, { server: 2, client: 3, latestSalt: latestSalt + 1n }),
    ));
  test("8: version 0 has salt 0", () => {
    const peer = bench.peer("a");
    peer.bind();
    const [allocated] = peer.answers();
    if (allocated?.type !== "ident") throw new Error("no IDENT");
    peer.ident(allocated.fileIdent, allocated.salt, { latestSalt: 4n });
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 211, action: "ClientReset" }]);
  });

  test("3: a cursor below the base that was uploaded with → 209", () => {
    const known = withHistory();
    known.peer.unbind();
    known.peer.answers();
    const again = bench.peer("a2", { userId: "a" });
    again.bind(1, false);
    again.ident(known.fileIdent, known.salt, { server: 1, client: 2, latest: 2, latestSalt: known.latestSalt });
    expect(errorsIn(again.answers())).toMatchObject([{ code: 209, action: "ClientReset" }]);
  });

  test("another user's file → 223", () => {
    const { fileIdent, salt, latestSalt } = withHistory();
    const thief = bench.peer("thief");
    thief.bind(1, false);
    thief.ident(fileIdent, salt, { server: 2, client: 3, latestSalt });
    expect(errorsIn(thief.answers())).toMatchObject([{ code: 223, action: "ClientReset" }]);
  });

  test("[IN5] after a restore, versions made anew have another salt → 211", () => {
    const { peer, fileIdent, salt } = withHistory();
    bench.server.backUp();
    const lost = bench.peer("b", { userId: "a" });
    lost.bind(1, false);
    lost.ident(fileIdent, salt, { server: 2, client: 3, latestSalt: BigInt(bench.server.store.history.salt(2)!) });
    lost.upload([[6, 2, [title(1, "lost")]]], { locked: 2 });
    const { latest } = downloadsIn(lost.answers()).at(-1)!;
    expect(latest.version).toBe(3);
    bench.server.restoreBackup();
    const other = bench.peer("c");
    other.open();
    other.upload([[2, 2, [title(1, "instead")]]], { locked: 2 });
    other.answers();
    const back = bench.peer("d", { userId: "a" });
    back.bind(1, false);
    back.ident(fileIdent, salt, { server: 3, client: 3, latest: 3, latestSalt: latest.salt });
    expect(errorsIn(back.answers())).toMatchObject([{ code: 211, action: "ClientReset" }]);
    expect(peer.closed).toBeUndefined();
  });

  test("[IN6] a file of a history that is missing waits, with an alarm, until the loss is declared final", () => {
    const peer = bench.peer("a");
    peer.bind(1, false);
    peer.ident(7, 1007n, { server: 6, client: 9, latestSalt: 99n });
    expect(peer.answers()).toMatchObject([
      { type: "json_error", code: 229, action: "Transient", tryAgain: true, backoff: { firstSeconds: 10 } },
    ]);
    expect(bench.server.logged).toContainEqual(expect.objectContaining({ level: "fatal" }));
    bench.server.store.declareLossFinal();
    const later = bench.peer("a2", { userId: "a" });
    later.bind(1, false);
    later.ident(7, 1007n, { server: 6, client: 9, latestSalt: 99n });
    expect(errorsIn(later.answers())).toMatchObject([{ code: 208, action: "ClientReset" }]);
  });
});

describe("two sessions of one file (§13)", () => {
  test("[IN1] on another connection the older session, and only it, ends with 200 and the newer goes on", () => {
    const { peer, fileIdent, salt, latestSalt } = withHistory();
    const second = peer.open(2);
    const again = bench.peer("a2", { userId: "a" });
    again.bind(1, false);
    again.ident(fileIdent, salt, { server: 2, client: 3, latestSalt });
    expect(typesOf(again.answers())).toEqual(["download"]);
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 200, action: "Transient", tryAgain: true, session: 1 }]);
    peer.mark(7, 2);
    expect(peer.answers()).toMatchObject([{ type: "mark", session: 2, request: 7 }]);
    expect(second.fileIdent).not.toBe(fileIdent);
  });

  test("[IN1] on one connection it is the client's error 108", () => {
    const { peer, fileIdent, salt, latestSalt } = withHistory();
    peer.bind(2, false);
    peer.ident(fileIdent, salt, { server: 2, client: 3, latestSalt, session: 2 });
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 108, session: 0, action: "ApplicationBug" }]);
  });

  test("[IN2] what the older session had received counts before the newer one is told where to go on", () => {
    const { peer, fileIdent, salt, latestSalt } = withHistory();
    const again = bench.peer("a2", { userId: "a" });
    peer.upload([[6, 2, [title(1, "x")]]], { locked: 2 });
    again.bind(1, false);
    again.ident(fileIdent, salt, { server: 2, client: 3, latestSalt });
    again.upload([[6, 2, [title(1, "x")]]], { locked: 2 });
    expect(downloadsIn(again.answers()).at(-1)).toMatchObject({ upload: { clientVersion: 6 } });
    expect(bench.server.store.history.current).toBe(3);
  });

  test("a client reset: the fresh file's ident has two lives, and the second may come before the first ended (R2)", () => {
    withHistory();
    const fresh = bench.peer("fresh", { userId: "a" });
    const file = fresh.open();
    const { latest } = file.downloads.at(-1)!;
    const adopted = bench.peer("adopted", { userId: "a" });
    adopted.bind(3, false);
    adopted.ident(file.fileIdent, file.salt, { server: latest.version, latestSalt: latest.salt, session: 3 });
    adopted.mark(2, 3);
    adopted.upload([[18, 2, [create(6)]]], { session: 3, locked: 2 });
    expect(typesOf(adopted.answers())).toEqual(["download", "mark"]);
    expect(bench.server.store.history.entry(3)).toMatchObject({ origin: file.fileIdent, clientVersion: 18 });
  });
});

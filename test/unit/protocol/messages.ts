import * as fc from "fast-check";
import { partitionOfKey, stringPartition } from "../../../src/protocol/partition.ts";
import type { SentMessage } from "../../../src/protocol/down.ts";
import type { DownloadEntry } from "../../../src/protocol/down/download.ts";
import type { UpMessage, UpType } from "../../../src/protocol/up.ts";
import type { UploadEntry } from "../../../src/protocol/up/upload.ts";
import type { Mode } from "../../../src/protocol/wire.ts";
import { connectionError, compensatingWrite, sessionError } from "../../../src/protocol/refusal.ts";

const count = fc.oneof(fc.nat(1000), fc.maxSafeNat());
const session = count.map((value) => Math.max(value, 1));
const salt = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const text = fc.string({ unit: "grapheme", maxLength: 60 });
const changeset = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  // Large and uniform, so that bodies get compressed.
  fc.nat(3000).map((length) => new Uint8Array(length).fill(7)),
);
const download = fc.record({ serverVersion: count, clientVersion: count });
const upload = fc.record({ clientVersion: count, serverVersion: count });
const latest = fc.record({ version: count, salt });
const just = <const Value>(value: Value) => fc.constant(value);

const uploadEntry: fc.Arbitrary<UploadEntry> = fc.record({
  clientVersion: count,
  serverVersion: count,
  originTimestamp: count,
  originFileIdent: count,
  changeset,
});
const downloadEntry: fc.Arbitrary<DownloadEntry> = fc.record({
  serverVersion: session,
  clientVersion: count,
  originTimestamp: count,
  originFileIdent: count,
  originalSize: count,
  changeset,
});
const partition = text.map((value) => stringPartition(value)).filter(({ key }) => partitionOfKey(key) !== undefined);

/** Every message a client of version 14 can send in a mode. Exhaustive, so that a new message is tested or does not compile. */
export const upMessages = (mode: Mode): fc.Arbitrary<UpMessage> => {
  const ident = { type: just("ident"), session, fileIdent: count, salt, download, latest };
  const all: { readonly [Type in UpType]: fc.Arbitrary<Extract<UpMessage, { type: Type }>> } = {
    bind:
      mode === "partition"
        ? fc.record({ type: just("bind"), mode: just("partition"), session, needIdent: fc.boolean(), partition })
        : fc.record(
            {
              type: just("bind"),
              mode: just("flexible"),
              session,
              needIdent: fc.boolean(),
              migratedPartition: text,
              schemaVersion: count,
              sessionReason: fc.constantFrom("sync", "clientReset"),
            },
            { requiredKeys: ["type", "mode", "session", "needIdent"] },
          ),
    ident:
      mode === "partition"
        ? fc.record({ ...ident, mode: just("partition") })
        : fc.record({ ...ident, mode: just("flexible"), queryVersion: count, query: text }),
    query: fc.record({ type: just("query"), session, queryVersion: count, query: text }),
    upload: fc.record({
      type: just("upload"),
      session,
      progress: upload,
      lockedServerVersion: count,
      entries: fc.array(uploadEntry, { maxLength: 5 }),
    }),
    mark: fc.record({ type: just("mark"), session, request: count }),
    unbind: fc.record({ type: just("unbind"), session }),
    ping: fc.record({ type: just("ping"), timestamp: count, roundTripTime: count }),
    json_error: fc.record({ type: just("json_error"), session, code: count, message: text }),
    test_command: fc.record({ type: just("test_command"), session, request: count, command: text }),
    refresh: fc.record({ type: just("refresh"), session }),
  };
  const { query, ...shared } = all;
  return fc.oneof(...Object.values<fc.Arbitrary<UpMessage>>(shared), ...(mode === "flexible" ? [query] : []));
};

const backoff = fc.record({ firstSeconds: count, maximumSeconds: count, factor: count });
const update = fc.record({ reason: text, table: text, key: fc.uint8Array({ maxLength: 20 }) });
const serverError = fc.oneof(
  fc.tuple(text, text).map(([message, logUrl]) => connectionError("BadSyntax", { message, logUrl })),
  fc.tuple(session, text, backoff).map(([ident, message, wait]) => sessionError(ident, "SessionClosed", { message, backoff: wait })),
  fc
    .record({ ident: session, clientVersion: count, serverVersion: count, updates: fc.array(update, { maxLength: 3 }) })
    .map(({ ident, ...rejected }) => compensatingWrite(ident, rejected)),
);

/** Every message Reeve sends to a client of version 14 in a mode. */
export const downMessages = (mode: Mode): fc.Arbitrary<SentMessage> => {
  const head = { type: just("download"), session, download, latest, upload, entries: fc.array(downloadEntry, { maxLength: 5 }) };
  const all: { readonly [Type in SentMessage["type"]]: fc.Arbitrary<Extract<SentMessage, { type: Type }>> } = {
    ident: fc.record({ type: just("ident"), session, fileIdent: count, salt }),
    download:
      mode === "partition"
        ? fc.record({ ...head, mode: just("partition"), downloadableBytes: count })
        : fc.record({
            ...head,
            mode: just("flexible"),
            queryVersion: count,
            batchState: fc.constantFrom("more", "last", "steady"),
            progress: fc.nat(10_000).map((part) => part / 10_000),
          }),
    mark: fc.record({ type: just("mark"), session, request: count }),
    unbound: fc.record({ type: just("unbound"), session }),
    pong: fc.record({ type: just("pong"), timestamp: count }),
    json_error: serverError,
    query_error: fc.record({ type: just("query_error"), session, code: count, queryVersion: count, message: text }),
    log_message: fc.record(
      {
        type: just("log_message"),
        session: count,
        level: fc.constantFrom("fatal", "error", "warn", "info", "detail", "debug", "trace"),
        message: text,
        connectionId: text,
      },
      { requiredKeys: ["type", "session", "level", "message"] },
    ),
    test_command: fc.record({ type: just("test_command"), session, request: count, answer: text }),
  };
  const { query_error, ...shared } = all;
  return fc.oneof(...Object.values<fc.Arbitrary<SentMessage>>(shared), ...(mode === "flexible" ? [query_error] : []));
};

import type { SentMessage } from "../../../src/protocol/down.ts";
import { stringPartition } from "../../../src/protocol/partition.ts";
import {
  compensatingWrite,
  connectionError,
  migrateToFlexible,
  schemaVersionChanged,
  sessionError,
} from "../../../src/protocol/refusal.ts";
import type { UpMessage } from "../../../src/protocol/up.ts";
import type { Mode } from "../../../src/protocol/wire.ts";
import { bytesOf } from "../../support/wire/wires.ts";

const upload = "?\x00\x08TopLevel\x02\x00\x01\x05";
const foreign = "?\x00\x08TopLevel\x02\x00\x01\x01";
const schema = "?\x00\x08TopLevel?\x01\x03_id?\x02\x04name\x00\x00\x00\x01\x01\x00\x06\x00\x02\x03\x01\x00";
export const timestamp = 375223600000;

/** A frame of the protocol's text, its exact size in bytes, and what it says. */
export interface Example<Message> {
  readonly frame: string;
  readonly size: number;
  readonly mode: Mode;
  readonly message: Message;
}

const session = 1;
const newFile = { session, fileIdent: 7, salt: 1007n, download: { serverVersion: 0, clientVersion: 0 }, latest: { version: 0, salt: 0n } };
const oldFile = { ...newFile, download: { serverVersion: 6, clientVersion: 9 }, latest: { version: 6, salt: 99n } };

/** Every example of sync-protocol §5. */
export const upExamples: readonly Example<UpMessage>[] = [
  {
    frame: 'bind 1 6 0 1 0⏎"part"',
    size: 21,
    mode: "partition",
    message: { type: "bind", mode: "partition", session, needIdent: true, partition: stringPartition("part") },
  },
  {
    frame: 'bind 1 37 0 1 0⏎{"schemaVersion":0,"sessionReason":0}',
    size: 53,
    mode: "flexible",
    message: { type: "bind", mode: "flexible", session, needIdent: true, schemaVersion: 0, sessionReason: "sync" },
  },
  {
    frame: String.raw`bind 3 68 0 0 0⏎{"migratedPartition":"\"part\"","schemaVersion":0,"sessionReason":1}`,
    size: 84,
    mode: "flexible",
    message: {
      type: "bind",
      mode: "flexible",
      session: 3,
      needIdent: false,
      migratedPartition: '"part"',
      schemaVersion: 0,
      sessionReason: "clientReset",
    },
  },
  {
    frame: 'bind 2 35 0 1 0⏎{"$oid":"66a1f0c2d4e5b6a7980c1d2e"}',
    size: 51,
    mode: "partition",
    message: {
      type: "bind",
      mode: "partition",
      session: 2,
      needIdent: true,
      partition: {
        kind: "objectId",
        value: "66a1f0c2d4e5b6a7980c1d2e",
        key: "o:66a1f0c2d4e5b6a7980c1d2e",
        text: '{"$oid":"66a1f0c2d4e5b6a7980c1d2e"}',
      },
    },
  },
  { frame: "ident 1 7 1007 0 0 0 0⏎", size: 23, mode: "partition", message: { type: "ident", mode: "partition", ...newFile } },
  { frame: "ident 1 7 1007 6 9 6 99⏎", size: 24, mode: "partition", message: { type: "ident", mode: "partition", ...oldFile } },
  {
    frame: "ident 1 7 1007 0 0 0 0 0 2⏎{}",
    size: 29,
    mode: "flexible",
    message: { type: "ident", mode: "flexible", ...newFile, queryVersion: 0, query: "{}" },
  },
  {
    frame: 'ident 1 7 1007 6 9 6 99 1 30⏎{"TopLevel":"(TRUEPREDICATE)"}',
    size: 59,
    mode: "flexible",
    message: { type: "ident", mode: "flexible", ...oldFile, queryVersion: 1, query: '{"TopLevel":"(TRUEPREDICATE)"}' },
  },
  {
    frame: 'query 1 1 30⏎{"TopLevel":"(TRUEPREDICATE)"}',
    size: 43,
    mode: "flexible",
    message: { type: "query", session, queryVersion: 1, query: '{"TopLevel":"(TRUEPREDICATE)"}' },
  },
  {
    frame: String.raw`query 1 2 73⏎{"Person":"(age > 21) OR (name == \"Bob\")","TopLevel":"(TRUEPREDICATE)"}`,
    size: 86,
    mode: "flexible",
    message: {
      type: "query",
      session,
      queryVersion: 2,
      query: String.raw`{"Person":"(age > 21) OR (name == \"Bob\")","TopLevel":"(TRUEPREDICATE)"}`,
    },
  },
  {
    frame: `upload 1 0 37 0 9 5 5⏎9 5 375223618414 0 15 ${upload}`,
    size: 59,
    mode: "partition",
    message: {
      type: "upload",
      session,
      progress: { clientVersion: 9, serverVersion: 5 },
      lockedServerVersion: 5,
      entries: [{ clientVersion: 9, serverVersion: 5, originTimestamp: 375223618414, originFileIdent: 0, changeset: bytesOf(upload) }],
    },
  },
  {
    frame: "upload 1 0 0 0 12 6 6⏎",
    size: 22,
    mode: "flexible",
    message: { type: "upload", session, progress: { clientVersion: 12, serverVersion: 6 }, lockedServerVersion: 6, entries: [] },
  },
  { frame: "mark 1 2⏎", size: 9, mode: "partition", message: { type: "mark", session, request: 2 } },
  { frame: "unbind 1⏎", size: 9, mode: "partition", message: { type: "unbind", session } },
  { frame: "ping 81943112 15⏎", size: 17, mode: "partition", message: { type: "ping", timestamp: 81943112, roundTripTime: 15 } },
  {
    frame: 'json_error 212 51 1⏎{"message":"Bad changeset received: unknown table"}',
    size: 71,
    mode: "partition",
    message: { type: "json_error", session, code: 212, message: "Bad changeset received: unknown table" },
  },
  {
    frame: 'test_command 1 1 44⏎{"args":{},"command":"PAUSE_ROUTER_SESSION"}',
    size: 64,
    mode: "partition",
    message: { type: "test_command", session, request: 1, command: '{"args":{},"command":"PAUSE_ROUTER_SESSION"}' },
  },
];

const first = { session, download: { serverVersion: 5, clientVersion: 0 }, latest: { version: 5, salt: 99n } };
const unsent = { upload: { clientVersion: 0, serverVersion: 0 } };
export const acknowledged = {
  session,
  download: { serverVersion: 6, clientVersion: 9 },
  latest: { version: 6, salt: 99n },
  upload: { clientVersion: 9, serverVersion: 5 },
};
export const byServer = { serverVersion: 5, clientVersion: 0, originFileIdent: 1 };
const schemaEntry = { ...byServer, originTimestamp: timestamp, originalSize: 36, changeset: bytesOf(schema) };

/** Every example of sync-protocol §6 with a message of Reeve's. */
export const downExamples: readonly Example<SentMessage>[] = [
  { frame: "ident 1 7 1007⏎", size: 15, mode: "partition", message: { type: "ident", session, fileIdent: 7, salt: 1007n } },
  {
    frame: `download 1 5 0 5 99 0 0 0 0 61 0⏎5 0 375223600000 1 36 36 ${schema}`,
    size: 94,
    mode: "partition",
    message: { type: "download", mode: "partition", ...first, ...unsent, downloadableBytes: 0, entries: [schemaEntry] },
  },
  {
    frame: `download 1 5 0 5 99 0 0 0 1 1 0 61 0⏎5 0 375223600000 1 36 36 ${schema}`,
    size: 98,
    mode: "flexible",
    message: {
      type: "download",
      mode: "flexible",
      ...first,
      ...unsent,
      queryVersion: 0,
      batchState: "last",
      progress: 1,
      entries: [schemaEntry],
    },
  },
  {
    frame: "download 1 5 0 5 99 0 0 0 1 1 0 23 0⏎5 0 375223600000 1 0 0 ",
    size: 60,
    mode: "flexible",
    message: {
      type: "download",
      mode: "flexible",
      ...first,
      ...unsent,
      queryVersion: 0,
      batchState: "last",
      progress: 1,
      entries: [{ ...byServer, originTimestamp: timestamp, originalSize: 0, changeset: new Uint8Array() }],
    },
  },
  {
    frame: "download 1 6 9 6 99 9 5 0 0 0 0⏎",
    size: 32,
    mode: "partition",
    message: { type: "download", mode: "partition", ...acknowledged, downloadableBytes: 0, entries: [] },
  },
  {
    frame: "download 1 6 9 6 99 9 5 1 2 1 0 0 0⏎",
    size: 36,
    mode: "flexible",
    message: { type: "download", mode: "flexible", ...acknowledged, queryVersion: 1, batchState: "steady", progress: 1, entries: [] },
  },
  {
    frame: `download 1 7 9 7 99 9 5 1 2 1 0 40 0⏎7 9 375223618500 3 15 15 ${foreign}`,
    size: 77,
    mode: "flexible",
    message: {
      type: "download",
      mode: "flexible",
      ...acknowledged,
      download: { serverVersion: 7, clientVersion: 9 },
      latest: { version: 7, salt: 99n },
      queryVersion: 1,
      batchState: "steady",
      progress: 1,
      entries: [
        {
          serverVersion: 7,
          clientVersion: 9,
          originTimestamp: 375223618500,
          originFileIdent: 3,
          originalSize: 15,
          changeset: bytesOf(foreign),
        },
      ],
    },
  },
  { frame: "mark 1 2⏎", size: 9, mode: "partition", message: { type: "mark", session, request: 2 } },
  { frame: "unbound 1⏎", size: 10, mode: "partition", message: { type: "unbound", session } },
  { frame: "pong 81943112⏎", size: 14, mode: "partition", message: { type: "pong", timestamp: 81943112 } },
  {
    frame:
      'json_error 208 134 1⏎{"isRecoveryModeDisabled":false,"tryAgain":false,"message":"reset please","logURL":"","shouldClientReset":true,"action":"ClientReset"}',
    size: 155,
    mode: "flexible",
    message: sessionError(1, "UnknownClientFile", { message: "reset please" }),
  },
  {
    frame:
      'json_error 200 139 1⏎{"isRecoveryModeDisabled":false,"tryAgain":true,"message":"permissions changed","logURL":"","shouldClientReset":false,"action":"Transient"}',
    size: 160,
    mode: "flexible",
    message: sessionError(1, "SessionClosed", { message: "permissions changed" }),
  },
  {
    frame:
      'json_error 229 198 1⏎{"isRecoveryModeDisabled":false,"tryAgain":true,"message":"not ready","logURL":"","shouldClientReset":false,"action":"Transient","backoffIntervalSec":5,"backoffMaxDelaySec":60,"backoffMultiplier":2}',
    size: 219,
    mode: "partition",
    message: sessionError(1, "InitialSyncNotFinished", {
      message: "not ready",
      backoff: { firstSeconds: 5, maximumSeconds: 60, factor: 2 },
    }),
  },
  {
    frame:
      'json_error 100 137 0⏎{"isRecoveryModeDisabled":false,"tryAgain":true,"message":"server restarting","logURL":"","shouldClientReset":false,"action":"Transient"}',
    size: 158,
    mode: "partition",
    message: connectionError("ConnectionClosed", { message: "server restarting" }),
  },
  {
    frame:
      'json_error 231 269 1⏎{"isRecoveryModeDisabled":false,"tryAgain":true,"message":"write reverted","logURL":"","shouldClientReset":false,"action":"Warning","compensatingWriteServerVersion":7,"rejectedClientVersion":9,"rejectedUpdates":[{"reason":"not allowed","table":"TopLevel","pk":"AQU="}]}',
    size: 290,
    mode: "flexible",
    message: compensatingWrite(
      1,
      { serverVersion: 7, clientVersion: 9, updates: [{ reason: "not allowed", table: "TopLevel", key: Uint8Array.of(1, 5) }] },
      { message: "write reverted" },
    ),
  },
  {
    frame: String.raw`json_error 232 172 1⏎{"isRecoveryModeDisabled":false,"tryAgain":false,"message":"migrated","logURL":"","shouldClientReset":false,"action":"MigrateToFLX","partitionQuery":"realm_id == \"part\""}`,
    size: 193,
    mode: "partition",
    message: migrateToFlexible(1, 'realm_id == "part"', { message: "migrated" }),
  },
  {
    frame:
      'json_error 236 164 1⏎{"isRecoveryModeDisabled":false,"tryAgain":true,"message":"schema changed","logURL":"","shouldClientReset":false,"action":"MigrateSchema","previousSchemaVersion":3}',
    size: 185,
    mode: "flexible",
    message: schemaVersionChanged(1, 3, { message: "schema changed" }),
  },
  {
    frame: 'query_error 226 20 1 2⏎unknown table "Nope"',
    size: 43,
    mode: "flexible",
    message: { type: "query_error", session, code: 226, queryVersion: 2, message: 'unknown table "Nope"' },
  },
  {
    frame: 'log_message 0 47⏎{"level":"info","msg":"hello","co_id":"65f0a1"}',
    size: 64,
    mode: "partition",
    message: { type: "log_message", session: 0, level: "info", message: "hello", connectionId: "65f0a1" },
  },
  { frame: "test_command 1 1 2⏎{}", size: 21, mode: "partition", message: { type: "test_command", session, request: 1, answer: "{}" } },
];

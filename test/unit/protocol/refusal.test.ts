import { describe, expect, expectTypeOf, it } from "vitest";
import { syncErrors, type SentErrorCode, type SentErrorName, type SyncErrorEntry } from "../../../src/errors/sync.ts";
import { closes } from "../../../src/protocol/close.ts";
import { decodeDown, encodeDown } from "../../../src/protocol/down.ts";
import type { SentServerError } from "../../../src/protocol/down/json-error.ts";
import { ProtocolError } from "../../../src/protocol/protocol-error.ts";
import {
  compensatingWrite,
  connectionError,
  migrateToFlexible,
  refusalOf,
  schemaVersionChanged,
  sessionError,
  writeNotAllowed,
} from "../../../src/protocol/refusal.ts";
import { wireOf } from "../../support/wire/wires.ts";

const wire = wireOf("flexible");
const entries: readonly (readonly [string, SyncErrorEntry])[] = Object.entries(syncErrors);
/** sync-protocol §18.1, 3: seen to end the process of apps. */
const aborting = [104, 202, 203, 205, 207, 214, 215, 218, 219, 220, 221, 224] as const;

/** One of every error Reeve can send. Exhaustive: a new name does not compile without its builder here. */
const one: Readonly<Record<SentErrorName, SentServerError>> = {
  ConnectionClosed: connectionError("ConnectionClosed"),
  OtherConnectionError: connectionError("OtherConnectionError"),
  UnknownMessage: connectionError("UnknownMessage"),
  BadSyntax: connectionError("BadSyntax"),
  BadSessionIdent: connectionError("BadSessionIdent"),
  SessionIdentReused: connectionError("SessionIdentReused"),
  ClientFileBoundTwice: connectionError("ClientFileBoundTwice"),
  BadMessageOrder: connectionError("BadMessageOrder"),
  BadDecompression: connectionError("BadDecompression"),
  BadChangesetHeader: connectionError("BadChangesetHeader"),
  BadChangesetSize: connectionError("BadChangesetSize"),
  AppIsFlexible: connectionError("AppIsFlexible"),
  AppIsPartitioned: connectionError("AppIsPartitioned"),
  SessionClosed: sessionError(1, "SessionClosed"),
  OtherSessionError: sessionError(1, "OtherSessionError", { action: "Transient" }),
  IllegalPartition: sessionError(1, "IllegalPartition"),
  PermissionDenied: sessionError(1, "PermissionDenied", { action: "DeleteRealm" }),
  UnknownClientFile: sessionError(1, "UnknownClientFile"),
  BadServerVersion: sessionError(1, "BadServerVersion"),
  BadClientVersion: sessionError(1, "BadClientVersion"),
  DivergingHistories: sessionError(1, "DivergingHistories"),
  BadChangeset: sessionError(1, "BadChangeset", { action: "ClientResetNoRecovery" }),
  BadOriginFileIdent: sessionError(1, "BadOriginFileIdent"),
  UnusableClientFile: sessionError(1, "UnusableClientFile"),
  ClientFileExpired: sessionError(1, "ClientFileExpired"),
  UserMismatch: sessionError(1, "UserMismatch"),
  InvalidSchemaChange: sessionError(1, "InvalidSchemaChange"),
  BadQuery: sessionError(1, "BadQuery"),
  ObjectAlreadyExists: sessionError(1, "ObjectAlreadyExists"),
  PermissionsChanged: sessionError(1, "PermissionsChanged"),
  InitialSyncNotFinished: sessionError(1, "InitialSyncNotFinished", { backoff: { firstSeconds: 1, maximumSeconds: 60, factor: 2 } }),
  WriteNotAllowed: writeNotAllowed(1, { clientVersion: 4, updates: [] }),
  CompensatingWrite: compensatingWrite(1, {
    clientVersion: 4,
    serverVersion: 9,
    updates: [{ reason: "no", table: "Task", key: Uint8Array.of(1, 5) }],
  }),
  MigrateToFlexible: migrateToFlexible(1, 'owner == "me"'),
  RevertToPartition: sessionError(1, "RevertToPartition"),
  BadSchemaVersion: sessionError(1, "BadSchemaVersion"),
  SchemaVersionChanged: schemaVersionChanged(1, 0),
};

describe("the error table", () => {
  it("has every code of the protocol's table once", () => {
    const codes = entries.map(([, { status }]) => status);
    const expected = [...range(100, 114), ...range(200, 212), ...range(214, 236)];
    expect([...codes].sort((a, b) => a - b)).toEqual(expected);
  });

  it("[E2] puts 1xx on the connection and 2xx on sessions", () => {
    for (const [, { status, level }] of entries) expect(level).toBe(status < 200 ? "connection" : "session");
  });

  it("[§18.1, 3] never sends a code that ends the app's process, and says what is sent instead", () => {
    const never = entries.filter(([, { use }]) => use.kind === "never");
    expect(never.filter(([, { clientStatus }]) => clientStatus === "process aborts").map(([, { status }]) => status)).toEqual(aborting);
    expect(entries.filter(([, { clientStatus }]) => clientStatus === "process aborts")).toHaveLength(aborting.length);
    expectTypeOf<Extract<SentErrorCode, (typeof aborting)[number]>>().toEqualTypeOf<never>();
  });

  it("does not let such a code be built", () => {
    // @ts-expect-error 104 ends the app's process.
    void (() => connectionError("LimitsExceeded"));
    // @ts-expect-error 202 ends the app's process.
    void (() => sessionError(1, "TokenExpired"));
    // @ts-expect-error 233 only comes from clients.
    void (() => sessionError(1, "BadProgress"));
    // @ts-expect-error A session's error does not end the connection.
    void (() => connectionError("UnknownClientFile"));
    // @ts-expect-error A code that ends the app's process cannot be written by hand either.
    const byHand: SentServerError = { ...connectionError("BadSyntax"), code: 104 };
    // @ts-expect-error 231 needs the version of the correcting change.
    void (() => compensatingWrite(1, { clientVersion: 1, updates: [] }));
    // @ts-expect-error Only actions of the table.
    void (() => sessionError(1, "BadServerVersion", { action: "Transient" }));
    expect(byHand.code).toBe(104);
  });
});

describe.each(Object.entries(one))("%s", (name, error) => {
  const entry = entries.find(([key]) => key === name)![1];

  it("carries every mandatory key, its own code, and session 0 exactly on the connection", () => {
    expect(error.code).toBe(entry.status);
    expect(error.session === 0).toBe(entry.level === "connection");
    const json: unknown = JSON.parse(new TextDecoder().decode(encodeDown(error, wire)).split("\n")[1]!);
    expect(json).toMatchObject({
      message: expect.any(String),
      tryAgain: expect.any(Boolean),
      logURL: expect.any(String),
      shouldClientReset: expect.any(Boolean),
      isRecoveryModeDisabled: expect.any(Boolean),
      action: expect.stringMatching(/^[A-Z]/),
    });
  });

  it("is read by a client as it was sent", () => {
    expect(decodeDown(encodeDown(error, wire), wire)).toEqual(error);
  });

  it("[E1] tries again exactly with actions that bring the client back", () => {
    expect(error.tryAgain).toBe(["Transient", "Warning", "MigrateSchema"].includes(error.action));
    expect(error.shouldClientReset).toBe(error.action.startsWith("ClientReset"));
    expect(error.isRecoveryModeDisabled).toBe(error.action === "ClientResetNoRecovery");
    expect(entry.use.kind === "sent" && entry.use.actions.some((action) => action === error.action)).toBe(true);
  });
});

describe("the answer to a message that cannot be parsed", () => {
  it.each([
    ["unknownMessage", 102],
    ["badHead", 103],
    ["sizeMismatch", 103],
    ["badBody", 103],
    ["limitExceeded", 101],
    ["numberTooLarge", 101],
    ["badSession", 106],
    ["badCompression", 110],
    ["badEntryHead", 111],
    ["badEntrySize", 112],
  ] as const)("%s ends the connection with %d", (reason, code) => {
    expect(refusalOf(new ProtocolError(reason, "detail"))).toMatchObject({ code, session: 0, action: "ApplicationBug" });
  });

  it("[SS4] a bad partition ends only its session, and no detail is told", () => {
    const refusal = refusalOf(new ProtocolError("badPartition", "detail", 7));
    expect(refusal).toMatchObject({ code: 204, session: 7 });
    expect(refusal.message).not.toContain("detail");
  });
});

describe("[§11] closes", () => {
  it("are never 1000, which leaves the client connected, nor 1009, which resets it", () => {
    expect(Object.values(closes).map(({ code }) => code)).toEqual([1011, 4001, 4002, 4003]);
    for (const { reason } of Object.values(closes)) expect(new TextEncoder().encode(reason).length).toBeLessThanOrEqual(123);
  });
});

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

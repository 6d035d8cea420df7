import assert from "node:assert/strict";
import { decodeChangeset } from "../../../src/changeset/decode.ts";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import { stringKey } from "../../../src/changeset/key.ts";
import type { Instruction } from "../../../src/changeset/model.ts";
import type { DownMessage } from "../../../src/protocol/down.ts";
import type { Download } from "../../../src/protocol/down/download.ts";
import type { DownloadCursor, SaltedVersion, UploadCursor } from "../../../src/protocol/progress.ts";
import type { Partition } from "../../../src/protocol/partition.ts";
import type { UploadEntry } from "../../../src/protocol/up/upload.ts";
import type { WireConnection } from "../../support/wire/connection.ts";

const table = "Thing";
const counterKey = stringKey("counter");

/** The schema and the shared counter: what the first device of a partition uploads. */
const foundation: readonly Instruction[] = [
  { kind: "AddTable", table, tableType: "TopLevel", keyField: "_id", keyType: "String", keyNullable: false },
  { kind: "AddColumn", table, field: "count", type: "Int", nullable: false, collection: "Single" },
  { kind: "CreateObject", table, key: counterKey },
  { kind: "Update", table, key: counterKey, field: "count", path: [], value: { type: "Int", value: 0n }, isDefault: false },
];

/** One object of its own and one more on the shared counter: changes that commute, so a device need not merge to check the server. */
const thing = (name: string): readonly Instruction[] => [
  { kind: "CreateObject", table, key: stringKey(name) },
  { kind: "AddInteger", table, key: counterKey, field: "count", path: [], value: 1n },
];

/**
 * A client file as an SDK would keep it through restarts: its ident, its cursors, and the changes that are not yet acknowledged. It only makes
 * changes that commute, and holds the server to the rules of progress (sync-protocol §9) with every DOWNLOAD.
 */
export class Device {
  readonly name: string;
  readonly partition: Partition;
  fileIdent = 0;
  /** How often each object was created, by anybody: 1 unless something was integrated twice. */
  readonly creations = new Map<string, number>();
  counter = 0n;
  #salt = 0n;
  #version = 1;
  #download: DownloadCursor = { serverVersion: 0, clientVersion: 0 };
  #latest: SaltedVersion = { version: 0, salt: 0n };
  #upload: UploadCursor = { clientVersion: 0, serverVersion: 0 };
  /** Made and not yet acknowledged, oldest first. */
  #unacknowledged: UploadEntry[] = [];
  #uploadedUpTo = 0;
  #made = 0;
  #caughtUp = false;
  #session: { readonly connection: WireConnection; readonly ident: number } | undefined;

  constructor(name: string, partition: Partition) {
    this.name = name;
    this.partition = partition;
  }

  /** How many things it made. */
  get made(): number {
    return this.#made;
  }

  /** How many of its changes the server has said it holds for good. */
  get acknowledged(): number {
    return this.#made - this.#unacknowledged.length;
  }

  get isDone(): boolean {
    return this.#unacknowledged.length === 0;
  }

  get serverVersion(): number {
    return this.#download.serverVersion;
  }

  /** The server has answered this session's MARK: everything that existed when it was asked has come. */
  get isCaughtUp(): boolean {
    return this.#caughtUp;
  }

  /** Binds this file to a session of a connection. `hear` goes on with what the server says to the session. */
  start(connection: WireConnection, ident: number): void {
    const needIdent = this.fileIdent === 0;
    this.#session = { connection, ident };
    this.#caughtUp = false;
    this.#uploadedUpTo = this.#upload.clientVersion;
    connection.send({ type: "bind", mode: "partition", session: ident, needIdent, partition: this.partition });
    if (!needIdent) this.#identify();
  }

  /** One message for this device's session. Anything but the ordinary course of sync is an error. */
  hear(message: DownMessage): void {
    switch (message.type) {
      case "ident":
        this.fileIdent = message.fileIdent;
        this.#salt = message.salt;
        this.#identify();
        break;
      case "download":
        this.#integrate(message);
        break;
      case "mark":
        this.#caughtUp = true;
        break;
      case "unbound":
      case "json_error":
      case "error":
      case "log_message":
      case "pong":
      case "query_error":
      case "test_command":
        throw new Error(`${this.name} was sent ${message.type}${"code" in message ? ` ${message.code}: ${message.message}` : ""}`);
    }
  }

  /** The schema, by the device that opens the partition first. */
  found(): void {
    this.#commit(foundation);
    this.creations.set("counter", 1);
  }

  /** Makes the device's next object, offline or not. */
  make(): void {
    const name = `${this.name}-${this.#made++}`;
    this.#commit(thing(name));
    this.creations.set(name, 1);
    this.counter += 1n;
  }

  /** Sends what was made since the last call, or since the last acknowledgement when the session is new. */
  uploadAll(): void {
    const entries = this.#unacknowledged.filter(({ clientVersion }) => clientVersion > this.#uploadedUpTo);
    if (entries.length === 0) return;
    const { connection, ident: session } = this.#bound();
    this.#uploadedUpTo = this.#version;
    connection.send({
      type: "upload",
      session,
      progress: { clientVersion: this.#version, serverVersion: this.#download.serverVersion },
      lockedServerVersion: this.#download.serverVersion,
      entries,
    });
  }

  #identify(): void {
    const { connection, ident: session } = this.#bound();
    const { fileIdent } = this;
    connection.send({
      type: "ident",
      mode: "partition",
      session,
      fileIdent,
      salt: this.#salt,
      download: this.#download,
      latest: this.#latest,
    });
    connection.send({ type: "mark", session, request: 1 });
  }

  #bound(): { readonly connection: WireConnection; readonly ident: number } {
    assert(this.#session !== undefined, `${this.name} is not bound`);
    return this.#session;
  }

  /** Integrates a DOWNLOAD: each is a local commit (K3). */
  #integrate(message: Download): void {
    assert(message.download.serverVersion >= this.#download.serverVersion, "P4: the download cursor went back");
    assert(message.download.clientVersion >= this.#download.clientVersion, "P6: the download cursor went back");
    assert(message.latest.version >= this.#latest.version, "P1: the latest version went back");
    assert(message.upload.clientVersion >= this.#upload.clientVersion, "P2: an acknowledgement was taken back");
    assert(message.upload.clientVersion <= this.#version, "P3: more was acknowledged than was made");
    for (const { changeset, originFileIdent } of message.entries) {
      assert.notEqual(originFileIdent, this.fileIdent, "P12: a device was sent its own change");
      for (const instruction of decodeChangeset(changeset)) this.#apply(instruction);
    }
    this.#download = message.download;
    this.#latest = message.latest;
    this.#upload = message.upload;
    this.#unacknowledged = this.#unacknowledged.filter(({ clientVersion }) => clientVersion > message.upload.clientVersion);
    this.#version += 1;
  }

  #apply(instruction: Instruction): void {
    if (instruction.kind === "CreateObject" && instruction.key.kind === "string") {
      const { value } = instruction.key;
      this.creations.set(value, (this.creations.get(value) ?? 0) + 1);
    }
    if (instruction.kind === "AddInteger") this.counter += instruction.value;
  }

  #commit(instructions: readonly Instruction[]): void {
    this.#version += 1;
    this.#unacknowledged.push({
      clientVersion: this.#version,
      serverVersion: this.#download.serverVersion,
      originTimestamp: 375_000_000_000 + this.#version,
      originFileIdent: 0,
      changeset: encodeChangeset(instructions),
    });
  }
}

import { decodeDown, type DownMessage } from "../../../src/protocol/down.ts";
import type { Download } from "../../../src/protocol/down/download.ts";
import type { ServerError } from "../../../src/protocol/down/json-error.ts";
import { stringPartition } from "../../../src/protocol/partition.ts";
import { encodeUp, type UpMessage } from "../../../src/protocol/up.ts";
import type { ProtocolVersion } from "../../../src/protocol/version.ts";
import type { UploadEntry } from "../../../src/protocol/up/upload.ts";
import type { ConnectionInfo, TurnResult } from "../../../src/session/ports.ts";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import type { Instruction } from "../../../src/changeset/model.ts";
import { Server, type ServerOptions } from "../../support/simulation/server.ts";
import { wireOf } from "../../support/wire/wires.ts";

/** One partition and raw connections to it: a test says every message itself, and sees every answer. */
export class Bench {
  readonly server: Server;
  readonly peers = new Map<string, Peer>();

  constructor(options: ServerOptions = {}) {
    this.server = new Server(options);
  }

  peer(id: string, info: Partial<ConnectionInfo> = {}, version: ProtocolVersion = 14): Peer {
    const peer = new Peer(this, id, info, version);
    this.peers.set(id, peer);
    return peer;
  }

  /** Works off what was sent; every peer keeps what it was answered. */
  turn(): TurnResult {
    const result = this.server.turn();
    for (const item of result.outgoing) this.peers.get(item.connection)?.take(item);
    return result;
  }

  /** Turns until nothing is put off any more. */
  turns(): void {
    while (this.turn().more) continue;
  }
}

export class Peer {
  readonly id: string;
  readonly userId: string;
  readonly wire;
  closed: number | undefined;
  received: DownMessage[] = [];
  readonly #bench: Bench;

  constructor(bench: Bench, id: string, info: Partial<ConnectionInfo>, version: ProtocolVersion) {
    this.#bench = bench;
    this.id = id;
    this.userId = info.userId ?? id;
    this.wire = wireOf(info.mode ?? "partition", version);
    bench.server.connect(id, { protocolVersion: version, offeredMaximum: version, ...info, userId: this.userId });
  }

  send(message: UpMessage): void {
    this.raw(encodeUp(message, this.wire));
  }

  raw(frame: Uint8Array): void {
    this.#bench.server.sessions.receive(this.id, frame);
  }

  take(item: TurnResult["outgoing"][number]): void {
    if (item.kind === "close") this.closed = item.code;
    else this.received.push(decodeDown(item.frame, this.wire));
  }

  /** What came since the last call, after a turn. */
  answers(): DownMessage[] {
    this.#bench.turns();
    const received = this.received;
    this.received = [];
    return received;
  }

  bind(session = 1, needIdent = true, partition = "part"): void {
    this.send({ type: "bind", mode: "partition", session, needIdent, partition: stringPartition(partition) });
  }

  ident(
    fileIdent: number,
    salt: bigint | number,
    more: Partial<{ server: number; client: number; latest: number; latestSalt: bigint; session: number }> = {},
  ): void {
    const { server = 0, client = 0, latest = server, latestSalt = 0n, session = 1 } = more;
    this.send({
      type: "ident",
      mode: "partition",
      session,
      fileIdent,
      salt: BigInt(salt),
      download: { serverVersion: server, clientVersion: client },
      latest: { version: latest, salt: latestSalt },
    });
  }

  mark(request = 2, session = 1): void {
    this.send({ type: "mark", session, request });
  }

  unbind(session = 1): void {
    this.send({ type: "unbind", session });
  }

  /** A new file, bound and at the end of the history: BIND, IDENT, MARK. */
  open(session = 1): { readonly fileIdent: number; readonly salt: bigint; readonly downloads: readonly Download[] } {
    this.bind(session);
    const allocated = this.answers().find((message) => message.type === "ident");
    if (allocated?.type !== "ident") throw new Error("no IDENT");
    this.ident(allocated.fileIdent, allocated.salt, { session });
    this.mark(2, session);
    const answers = this.answers();
    if (answers.at(-1)?.type !== "mark") throw new Error(`no MARK but ${JSON.stringify(answers.at(-1)?.type)}`);
    return { fileIdent: allocated.fileIdent, salt: allocated.salt, downloads: answers.filter((message) => message.type === "download") };
  }

  /** Changes given as [client version, base, instructions]; progress is the last one's unless told. */
  upload(
    changes: readonly (readonly [number, number, readonly Instruction[] | Uint8Array])[],
    more: Partial<{ progress: readonly [number, number]; locked: number; session: number; timestamp: number; origin: number }> = {},
  ): void {
    const entries: UploadEntry[] = changes.map(([clientVersion, serverVersion, content], index) => ({
      clientVersion,
      serverVersion,
      originTimestamp: (more.timestamp ?? 1000) + index,
      originFileIdent: more.origin ?? 0,
      changeset: content instanceof Uint8Array ? content : encodeChangeset(content),
    }));
    const last = entries.at(-1);
    const [clientVersion, serverVersion] = more.progress ?? [last?.clientVersion ?? 0, last?.serverVersion ?? 0];
    this.send({
      type: "upload",
      session: more.session ?? 1,
      progress: { clientVersion, serverVersion },
      lockedServerVersion: more.locked ?? serverVersion,
      entries,
    });
  }
}

export const errorsIn = (messages: readonly DownMessage[]): ServerError[] => messages.filter((message) => message.type === "json_error");
export const downloadsIn = (messages: readonly DownMessage[]): Download[] => messages.filter((message) => message.type === "download");
export const typesOf = (messages: readonly DownMessage[]): string[] => messages.map((message) => message.type);

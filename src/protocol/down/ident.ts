import { frame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";

/**
 * IDENT (§6.1), from the server: here is your file ident.
 *
 * `ident <session> <file ident> <salt>⏎`. Ident ≥ 2 (1 is the server), salt 1 … 2^63−1. Once, after BIND with need ident.
 */
export interface ServerIdent {
  readonly type: "ident";
  readonly session: number;
  readonly fileIdent: number;
  readonly salt: bigint;
}

export const decodeServerIdent = (reader: FrameReader): ServerIdent => {
  const ident: ServerIdent = { type: "ident", session: reader.session(), fileIdent: reader.integer(), salt: reader.lastSalt() };
  reader.noBody();
  return ident;
};

export const encodeServerIdent = (ident: ServerIdent): Uint8Array<ArrayBuffer> =>
  frame(["ident", ident.session, ident.fileIdent, ident.salt]);

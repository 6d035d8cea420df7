import { ProtocolError } from "./protocol-error.ts";
import type { FrameReader } from "./frame-reader.ts";
import type { Wire, Zlib } from "./wire.ts";

/** Bodies above this are compressed, as clients and the reference server do (§7.3). */
const compressAbove = 1024;
const compressionLevel = 1;

/** The body of an UPLOAD or DOWNLOAD as it goes on the wire: made once, used for as many heads as wanted. */
export interface EncodedBody {
  /** What follows the head. */
  readonly bytes: Uint8Array;
  readonly compressed: boolean;
  readonly uncompressedSize: number;
}

/** Compresses a body when it is larger than 1024 bytes and that makes it smaller. */
export const packBody = (plain: Uint8Array, zlib: Zlib): EncodedBody => {
  if (plain.length > compressAbove) {
    const bytes = zlib.deflate(plain, compressionLevel);
    if (bytes.length < plain.length) return { bytes, compressed: true, uncompressedSize: plain.length };
  }
  return { bytes: plain, compressed: false, uncompressedSize: plain.length };
};

/** The head's three fields about a body: is compressed, uncompressed size, compressed size. */
export const bodyFields = (body: EncodedBody): [number, number, number] =>
  body.compressed ? [1, body.uncompressedSize, body.bytes.length] : [0, body.uncompressedSize, 0];

/** What a head says about the body. */
export interface BodySizes {
  readonly compressed: boolean;
  readonly uncompressedSize: number;
  /** 0 without compression. */
  readonly compressedSize: number;
}

/**
 * The body announced by a head, inflated when needed. The announced size is checked against the limit before inflating and against the
 * result after it.
 */
export const unpackBody = (reader: FrameReader, sizes: BodySizes, wire: Wire): Uint8Array => {
  const { compressed, uncompressedSize, compressedSize } = sizes;
  if (!compressed) {
    if (compressedSize !== 0) throw new ProtocolError("sizeMismatch", "a compressed size without compression");
    return reader.body(uncompressedSize);
  }
  const bytes = reader.body(compressedSize);
  if (uncompressedSize > wire.limits.inflatedBody) {
    throw new ProtocolError("limitExceeded", `a body of ${uncompressedSize} bytes; ${wire.limits.inflatedBody} are allowed`);
  }
  return inflate(bytes, uncompressedSize, wire.zlib);
};

const inflate = (bytes: Uint8Array, expectedSize: number, zlib: Zlib): Uint8Array => {
  let inflated: Uint8Array;
  try {
    inflated = zlib.inflate(bytes, expectedSize);
  } catch {
    throw new ProtocolError("badCompression", "the zlib stream is damaged or of another size than announced");
  }
  if (inflated.length !== expectedSize) {
    throw new ProtocolError("badCompression", `${expectedSize} bytes announced, ${inflated.length} inflated`);
  }
  return inflated;
};

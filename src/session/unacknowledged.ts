/**
 * What a session was sent and its client has not said to have integrated. Sockets tell nobody how much of what was sent still waits in them;
 * but a client answers each DOWNLOAD by an UPLOAD with its download cursor (sync-protocol P13), so what waits for a slow one can be counted here.
 */
export class Unacknowledged {
  readonly #sent: { serverVersion: number; bytes: number }[] = [];
  #bytes = 0;

  /** Bytes of frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A DOWNLOAD was sent that takes the client's cursor to `serverVersion`. */
  sent(serverVersion: number, bytes: number): void {
    this.#bytes += bytes;
    const newest = this.#sent.at(-1);
    if (newest === undefined || newest.bytes + bytes > countedTogether) this.#sent.push({ serverVersion, bytes });
    else {
      newest.serverVersion = serverVersion;
      newest.bytes += bytes;
    }
  }

  /** The client's cursor, its locked server version, has reached `serverVersion`. */
  acknowledge(serverVersion: number): void {
    const left = this.#sent.findIndex((message) => message.serverVersion > serverVersion);
    for (const { bytes } of this.#sent.splice(0, left < 0 ? this.#sent.length : left)) this.#bytes -= bytes;
  }
}

/** Small messages are counted as one, so that many of them take no room here. Bytes. */
const countedTogether = 16 * 1024;

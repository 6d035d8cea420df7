/** How far a client has integrated the server's history, and the last of its own changes the server had integrated at that point. */
export interface DownloadCursor {
  readonly serverVersion: number;
  readonly clientVersion: number;
}

/** How far the server has integrated a client's history, and the last server version the client had integrated at that point. */
export interface UploadCursor {
  readonly clientVersion: number;
  readonly serverVersion: number;
}

/** A position in the server's history with the salt that tells two continuations of it apart (0 only with version 0). */
export interface SaltedVersion {
  readonly version: number;
  readonly salt: bigint;
}

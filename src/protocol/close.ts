/** A WebSocket close as Reeve sends it: at most 123 bytes of reason, for the client's log. */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

/**
 * How a socket is closed (§11). Never with 1000 (the client believes it is still connected) and never with 1009 (the client resets). A
 * client that would be told 202 or 203 by older servers gets `refreshToken` or `logOut`: those codes end the app's process.
 */
export const closes = {
  /** The client comes back with growing delays; the app's error handler sees a non-fatal ConnectionClosed. */
  comeBackLater: { code: 1011, reason: "The service closes this connection; come back later." },
  /** The client refreshes its access token and comes back at once; silent. Also the way to make clients return quickly. */
  refreshToken: { code: 4001, reason: "Refresh the access token and connect again." },
  /** The client logs the user out; the app sees AuthError. */
  logOut: { code: 4002, reason: "This user may not connect any more." },
  /** The client asks for its location again and connects there; silent. */
  refreshLocation: { code: 4003, reason: "This service has moved; ask for the location again." },
} as const satisfies Readonly<Record<string, Close>>;

export type CloseName = keyof typeof closes;

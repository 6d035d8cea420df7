import type { ConnectionErrorName } from "../errors/sync.ts";
import type { UpType } from "../protocol/up.ts";

/** Where a session ident of a connection stands (server-semantics §2.1). Idents are allocated within a turn, so no state waits for that. */
export type SessionState =
  /** Never bound, or gone. */
  | "none"
  /** Bound; the client has not said which file it is. */
  | "waitIdent"
  /** The client file is bound to the session. */
  | "running"
  /** Was sent an error; whatever still arrives was on its way. UNBIND ends it without an answer. */
  | "ended";

/** Messages that name a session. */
export type SessionMessageType = Exclude<UpType, "ping">;

/** What a message does in a state: it is carried out, ignored, or a connection-level error for the peer. */
export type Transition = "act" | "ignore" | Extract<ConnectionErrorName, "BadSessionIdent" | "SessionIdentReused" | "BadMessageOrder">;

const [act, ignore, unknown, reused, badOrder] = ["act", "ignore", "BadSessionIdent", "SessionIdentReused", "BadMessageOrder"] as const;

/**
 * Every state with every message. QUERY is no message of partition sync and is refused where it is parsed; its row stands for sessions of a
 * mode that this partition does not serve. REFRESH, from old cores, is read and means nothing.
 */
export const transitions: { readonly [State in SessionState]: { readonly [Message in SessionMessageType]: Transition } } = {
  none: {
    bind: act,
    ident: unknown,
    query: unknown,
    upload: unknown,
    mark: unknown,
    json_error: unknown,
    test_command: unknown,
    refresh: unknown,
    unbind: unknown,
  },
  waitIdent: {
    bind: reused,
    ident: act,
    query: badOrder,
    upload: badOrder,
    mark: badOrder,
    json_error: badOrder,
    test_command: act,
    refresh: ignore,
    unbind: act,
  },
  running: {
    bind: reused,
    ident: badOrder,
    query: badOrder,
    upload: act,
    mark: act,
    json_error: act,
    test_command: act,
    refresh: ignore,
    unbind: act,
  },
  ended: {
    bind: reused,
    ident: ignore,
    query: ignore,
    upload: ignore,
    mark: ignore,
    json_error: ignore,
    test_command: ignore,
    refresh: ignore,
    unbind: act,
  },
};

/** Why a request of ours to somebody else's server was not made, or its answer not taken. */
export type OutgoingProblem = "address not permitted" | "unreachable" | "too slow" | "redirected" | "too large";

/** No answer was had. It says nothing about what was asked. `host` is safe to log; the full address may hold a token. */
export class OutgoingError extends Error {
  override readonly name = "OutgoingError";
  readonly problem: OutgoingProblem;

  constructor(problem: OutgoingProblem, host: string, cause?: unknown) {
    super(`${host}: ${problem}`, { cause });
    this.problem = problem;
  }
}

export interface OutgoingRequest {
  readonly method?: string;
  readonly headers?: Headers | Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams | Uint8Array<ArrayBuffer>;
}

/**
 * Requests to servers that a configuration names. The answer is complete when it comes: at most `maxAnswerBytes` of body. Rejects with an
 * `OutgoingError` when there is none; every HTTP status but a redirect is an answer.
 */
export type Outgoing = (url: string | URL, request?: OutgoingRequest) => Promise<Response>;

export interface OutgoingRules {
  /** Hosts, with port where they have one, that may be asked although they are private or speak plain HTTP. Other private ones never. */
  readonly permittedHosts: readonly string[];
  readonly timeoutMilliseconds?: number;
  readonly maxAnswerBytes?: number;
}

/** Suffixes that name something inside a machine or network. */
const privateSuffixes = ["localhost", "local", "internal", "lan", "home", "corp", "intranet", "home.arpa", "test", "invalid"];

/**
 * Whether a URL may be asked: https, a public name, no user name inside. Names are judged as written, since a Worker cannot see what they
 * resolve to: on Cloudflare no private network is behind them, elsewhere the operator's firewall has to say the rest.
 */
export const isPublicUrl = ({ protocol, hostname, username, password }: URL): boolean => {
  const name = hostname.replace(/\.$/, "").toLowerCase();
  const isAddress = name.startsWith("[") || /^[\d.]+$/.test(name);
  const isPrivate = !name.includes(".") || privateSuffixes.some((suffix) => name.endsWith(`.${suffix}`));
  return protocol === "https:" && username === "" && password === "" && !isAddress && !isPrivate;
};

const readLimited = async (response: Response, limit: number, host: string): Promise<Uint8Array<ArrayBuffer>> => {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    size += part.value.length;
    if (size > limit) {
      await reader?.cancel();
      throw new OutgoingError("too large", host);
    }
    chunks.push(part.value);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
};

/** Outgoing requests under these rules. `send`: the platform's `fetch`. */
export const createOutgoing =
  (rules: OutgoingRules, send: (input: string, init: RequestInit) => Promise<Response> = (input, init) => fetch(input, init)): Outgoing =>
  async (address, { method = "GET", headers = {}, body } = {}) => {
    const url = new URL(address);
    const { permittedHosts, timeoutMilliseconds = 5_000, maxAnswerBytes = 256 * 1024 } = rules;
    const isPermitted = permittedHosts.includes(url.host) && /^https?:$/.test(url.protocol);
    if (!isPermitted && !isPublicUrl(url)) throw new OutgoingError("address not permitted", url.host);
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    try {
      const response = await send(url.href, { method, headers, redirect: "manual", signal, ...(body === undefined ? {} : { body }) });
      if (response.status >= 300 && response.status < 400) throw new OutgoingError("redirected", url.host);
      const received = await readLimited(response, maxAnswerBytes, url.host);
      const { status } = response;
      return new Response(received.length === 0 ? null : received, { status, headers: new Headers(response.headers) });
    } catch (error) {
      if (error instanceof OutgoingError) throw error;
      throw new OutgoingError(signal.aborted ? "too slow" : "unreachable", url.host, error);
    }
  };

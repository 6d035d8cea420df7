import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { CliErrorCode } from "../errors/cli.ts";
import { CliError } from "./error.ts";
import { printable } from "./output/style.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface ApiRequest {
  readonly method: Method;
  /** Below `/api/v1`, with its parts encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The management interface of a server. */
export interface Api {
  /** The origin, for messages. */
  readonly origin: string;
  /** Gives the answer's JSON; undefined when there is none. Refusals and failures are CliErrors. */
  request(request: ApiRequest): Promise<unknown>;
}

const timeoutMilliseconds = 30_000;
/** Milliseconds until the second try; the third waits twice as long. */
const pauseMilliseconds = 200;
/**
 * Tries of a request that may be repeated: a reading one, or one that carries a key under which the server makes a thing once. Other POST
 * routes (forgetting, compacting) come to the same when repeated.
 */
const tries = 3;

const problemSchema = z.object({
  code: z.string(),
  detail: z.string(),
  requestId: z.string().optional(),
  problems: z.array(z.object({ place: z.string(), problem: z.string() })).optional(),
});

const diagnosticSchema = z.object({ file: z.string(), line: z.int(), column: z.int(), code: z.string(), message: z.string() });

/** Routes outside the interface proper answer as the client's HTTP interface does; that of realm files says what is wrong where. */
const plainErrorSchema = z
  .object({ error: z.string(), error_code: z.string(), diagnostics: z.array(diagnosticSchema).default([]) })
  .transform(({ error, error_code: code, diagnostics }) => ({
    code,
    detail: [error, ...diagnostics.map((found) => `${found.file}:${found.line}:${found.column}: ${found.message} [${found.code}]`)].join(
      "\n  ",
    ),
  }));

const codeOf = (status: number): CliErrorCode => {
  if (status === 401 || status === 403) return "Unauthorised";
  if (status === 404) return "NotFound";
  return status === 409 || status === 422 ? "Conflict" : "RequestRefused";
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** An answer that was read whole. */
interface Answer {
  readonly status: number;
  readonly ok: boolean;
  /** Seconds, or a date, after which to come again. */
  readonly retryAfter: string | null;
  readonly text: string;
}

const refusal = ({ status, retryAfter, text }: Answer): CliError => {
  const problem = z.union([problemSchema, plainErrorSchema]).safeParse(parseJson(text)).data;
  if (problem === undefined) {
    return new CliError(
      "Unexpected",
      `The answer ${status} is none of Reeve's management interface.`,
      "Is the URL right? It is the server's origin, without a path.",
    );
  }
  const { code, detail, problems = [], requestId }: z.infer<typeof problemSchema> = problem;
  const places = problems.length > 1 ? problems.map((each) => `\n  ${printable(each.place)}: ${printable(each.problem)}`).join("") : "";
  const later = retryAfter === null ? "" : ` Try again in ${/^\d{1,9}$/.test(retryAfter) ? `${retryAfter} s` : "a while"}.`;
  const log = status >= 500 && requestId !== undefined ? ` (request ${printable(requestId)})` : "";
  const told = places === "" ? detail.split("\n").map(printable).join("\n") : "The request was refused:";
  return new CliError(codeOf(status), `${told} [${printable(code)}]${log}${places}${later}`);
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutMilliseconds / 1000} seconds`;
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
};

/** Speaks with the management interface at an origin. Redirects are not followed: they would carry the token elsewhere. */
export const createApi = (origin: string, token: string | undefined, stopped: AbortSignal): Api => {
  const send = async ({ method, path, query = {}, body }: ApiRequest, key: string | undefined): Promise<Answer> => {
    const url = new URL(`/api/v1${path}`, origin);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const response = await fetch(url, {
      method,
      redirect: "error",
      signal: AbortSignal.any([stopped, AbortSignal.timeout(timeoutMilliseconds)]),
      headers: {
        Accept: "application/json",
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(key === undefined ? {} : { "Idempotency-Key": key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, ok: response.ok, retryAfter: response.headers.get("Retry-After"), text: await response.text() };
  };

  const sendRepeatedly = async (request: ApiRequest): Promise<Answer> => {
    const key = request.method === "POST" ? crypto.randomUUID() : undefined;
    const last = request.method === "GET" || key !== undefined ? tries : 1;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await send(request, key);
        if (answer.status !== 503 || attempt === last) return answer;
      } catch (error) {
        if (stopped.aborted) throw new CliError("Cancelled", "Cancelled.");
        if (attempt === last || !isConnectionReset(error)) {
          throw new CliError(
            "Unreachable",
            `${origin} cannot be reached: ${reasonOf(error)}.`,
            "Is the server running? `reeve start` starts one on this machine.",
          );
        }
      }
      await pause(pauseMilliseconds * attempt);
    }
  };

  return {
    origin,
    request: async (request) => {
      const answer = await sendRepeatedly(request);
      if (!answer.ok) throw refusal(answer);
      if (answer.text === "") return undefined;
      const value = parseJson(answer.text);
      if (value === undefined)
        throw new CliError(
          "Unexpected",
          `${origin} answered with something that is no JSON.`,
          "Is the URL right? It is the server's origin, without a path.",
        );
      return value;
    },
  };
};

/** A connection that broke may be tried again at once; one that is refused, or a name that does not exist, may not. */
const isConnectionReset = (error: unknown): boolean =>
  error instanceof TypeError &&
  error.cause instanceof Error &&
  "code" in error.cause &&
  ["ECONNRESET", "UND_ERR_SOCKET", "EPIPE"].includes(String(error.cause.code));

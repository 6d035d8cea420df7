import type { ErrorEntry } from "./entry.ts";

/** Why a command of `reeve` did not do what was asked. The status is the exit status, which scripts may rely on. */
export const cliErrors = {
  CheckFailed: {
    status: 1,
    message: "the check found errors",
    explanation: "The findings stand above it, each with file, line and column. Nothing was changed.",
  },
  RequestRefused: {
    status: 1,
    message: "the server refused the request",
    explanation:
      "The message carries the server's code and the place in the request; the code is explained under Management or HTTP on this page.",
  },
  Usage: {
    status: 2,
    message: "the command line is wrong",
    explanation: "An unknown command or option, a missing argument, or a value that the option does not take. Nothing was sent.",
  },
  NoServer: {
    status: 2,
    message: "no server was named",
    explanation: "Give --url and --token, set REEVE_URL and REEVE_TOKEN, or run `reeve login` once.",
  },
  Unreachable: {
    status: 3,
    message: "the server cannot be reached",
    explanation:
      "There is no server at the URL, the network failed, or it took longer than 30 seconds. Whether a change was made is unknown: look before repeating it.",
  },
  Unexpected: {
    status: 3,
    message: "what answered is no Reeve server",
    explanation: "The answer is not what the management interface gives: another service listens there, or a proxy answered in its place.",
  },
  Unauthorised: {
    status: 4,
    message: "the token is not permitted to do this",
    explanation: "The token is wrong, has expired, or belongs to an admin of another realm. `reeve token check` says what it is.",
  },
  NotFound: {
    status: 5,
    message: "there is no such thing",
    explanation: "The realm, user or other thing that the command names does not exist.",
  },
  Conflict: {
    status: 6,
    message: "it exists already, or changed meanwhile",
    explanation: "Another thing of this name exists, or somebody else changed it at the same time. Nothing was changed.",
  },
  Cancelled: {
    status: 7,
    message: "cancelled",
    explanation: "The question was not answered with yes. Without a terminal, --yes is needed.",
  },
  Fault: {
    status: 70,
    message: "reeve failed",
    explanation: "A fault of the command line itself; the text of the error follows. Please report it.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type CliErrorCode = keyof typeof cliErrors;

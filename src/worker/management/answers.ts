import { HTTPException } from "hono/http-exception";
import { describeFault, isStoreFault } from "../../accounts/database.ts";
import { HttpError } from "../../errors/http.ts";
import { ManagementError, managementErrors, type InputProblem } from "../../errors/management.ts";
import type { ManagementContext } from "./context.ts";

/** Zod's view of what is wrong, by the place in the request. */
export const inputProblems = (
  target: string,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): InputProblem[] => {
  const places: Readonly<Record<string, string>> = { json: "body", param: "path" };
  return issues.map(({ path, message }) => ({ place: [places[target] ?? target, ...path.map(String)].join("."), problem: message }));
};

const asManagementError = (error: unknown): ManagementError => {
  if (error instanceof ManagementError) return error;
  if (error instanceof HTTPException && error.status === 400) return new ManagementError("JsonInvalid");
  return new ManagementError(isStoreFault(error) ? "StoreUnavailable" : "FaultInside");
};

/** Answers a refusal or a fault as a problem body (RFC 9457). `fault` hears of what is no refusal. */
export const answerProblem = (error: unknown, context: ManagementContext, fault: (reason: string) => void): Response => {
  const refusal = asManagementError(error);
  if (refusal !== error && !(error instanceof HttpError) && refusal.status >= 500) fault(describeFault(error));
  const { code, status, message: detail, problems, retryAfterSeconds } = refusal;
  if (retryAfterSeconds !== undefined) context.header("Retry-After", String(retryAfterSeconds));
  if (status === 401) context.header("WWW-Authenticate", 'Bearer realm="reeve"');
  const { requestId } = context.var;
  const body = { code, title: managementErrors[code].message, status, detail, requestId, ...(problems.length === 0 ? {} : { problems }) };
  return context.body(JSON.stringify(body), status, { "Content-Type": "application/problem+json" });
};

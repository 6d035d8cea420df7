import type { ContentfulStatusCode } from "hono/utils/http-status";
import { isStoreFault } from "../../accounts/database.ts";
import { HttpError } from "../../errors/http.ts";
import { originOf, type AppServicesContext } from "./ports.ts";

/** What stands in the way for the moment is told as 503: SDKs sign users out on 401 and 403 (app-services-api §5.1). */
const asHttpError = (error: unknown): HttpError => {
  if (error instanceof HttpError) return error;
  return new HttpError(isStoreFault(error) ? "MaintenanceInProgress" : "InternalServerError");
};

/** Answers a refusal or a fault in the one shape that SDKs read, `application/json` to the letter (app-services-api §6.1). */
export const answerError = (error: unknown, context: AppServicesContext): Response => {
  const refusal = asHttpError(error);
  const { requestId, ports, fault } = context.var;
  if (refusal !== error) fault(error, requestId);
  if (refusal.retryAfterSeconds !== undefined) context.header("Retry-After", String(refusal.retryAfterSeconds));
  const link = ports === undefined ? {} : { link: `${originOf(context)}/logs?request=${requestId}` };
  const status: ContentfulStatusCode = refusal.status;
  return context.json({ error: refusal.message, error_code: refusal.code, ...link }, status);
};

/** Success without data: no body and no Content-Type, or SDKs for the web fail (app-services-api §0, rule 3). */
export const answerNothing = (context: AppServicesContext): Response => context.body(null, 204);

import { setCookie } from "hono/cookie";
import type { Context } from "hono";
import { beginSignIn, challengeSeconds, openSession, type Proof, type SignInRequest } from "../../accounts/sign-in.ts";
import { issueTicket, ticketSeconds } from "../../accounts/providers/ticket.ts";
import type { User } from "../../accounts/repositories/users.ts";
import { accessTokenSeconds } from "../../accounts/tokens.ts";
import type { AppServicesContext, AppServicesPorts } from "../app-services/index.ts";
import { describeSignedIn } from "../app-services/sign-in.ts";

/** What a client wants in the end: tokens for itself, or a ticket for an SDK. */
export type WantedAnswer = "tokens" | "ticket";

type Session = Pick<SignInRequest, "realm" | "provider" | "device" | "deviceId">;

/** What an admitted user gets. */
export const finishSignIn = async (
  ports: AppServicesPorts,
  request: Session,
  user: User,
  wanted: WantedAnswer,
  apiKeyId: string | null = null,
) => {
  if (wanted === "tokens") {
    const signedIn = await openSession(ports, request, user, { apiKeyId });
    return { status: "signed-in", ...describeSignedIn(signedIn), expires_in: accessTokenSeconds } as const;
  }
  const ticket = await issueTicket(ports.accounts.inRealm(request.realm.name), user.id, request.provider);
  return { status: "signed-in", user_id: user.id, ticket, expires_in: ticketSeconds } as const;
};

/** Signs somebody in as far as their proof goes: to the end, or to the challenge of a second factor. */
export const answerSignIn = async (ports: AppServicesPorts, request: SignInRequest, wanted: WantedAnswer, proof?: Proof) => {
  const progress = await beginSignIn(ports, request, proof);
  if (progress.kind === "admitted") return finishSignIn(ports, request, progress.user, wanted, progress.apiKeyId);
  const { challenge, enrol } = progress;
  return {
    status: "second-factor",
    challenge: `${challenge.id}.${challenge.secret}`,
    enrolment_required: enrol,
    expires_in: challengeSeconds,
  } as const;
};

/** Where browsers come back to from an identity provider; the one address to register there. */
export const callbackPath = "/api/v1/sign-in/callback";

const cookieName = (flowId: string): string => `reeve_sign_in_${flowId}`;

/** Ties a flow to the browser that began it, so that nobody else's answer can be slipped to it. */
export const bindBrowser = (
  context: AppServicesContext,
  flow: { id: string; secret: string },
  crossSite: boolean,
  maxAge: number,
): void => {
  const secure = new URL(context.req.url).protocol === "https:";
  setCookie(context, cookieName(flow.id), flow.secret, {
    path: callbackPath,
    httpOnly: true,
    secure: secure || crossSite,
    sameSite: crossSite ? "None" : "Lax",
    maxAge,
  });
};

export const boundCookie = cookieName;

/** A page for a person who opened a link: text only, no scripts, nothing from elsewhere. */
export const page = (context: Context, status: 200 | 400, title: string, body: string): Response => {
  context.header("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
  context.header("Referrer-Policy", "no-referrer");
  context.header("Cache-Control", "no-store");
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>`;
  return context.html(`<!doctype html><html lang="en"><head>${head}</head><body><h1>${title}</h1>${body}</body></html>`, status);
};

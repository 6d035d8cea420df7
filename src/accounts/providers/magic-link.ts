import { z } from "zod";
import { HttpError } from "../../errors/http.ts";
import { isId } from "../ids.ts";
import { readConfig, readInput } from "./input.ts";
import type { SignInProvider } from "./provider.ts";
import { admit, findRecipient, limitMessages, messageConfig, readLoginName, sendMessage, stepExpired } from "./recipients.ts";

/** Settings of `magiclink`. `linkUrl`: the app's own page or universal link, which is opened with `token` and `tokenId` in its query. */
export const magicLinkConfig = messageConfig.extend({
  linkUrl: z
    .url({ protocol: /^(?!javascript$|data$|vbscript$|blob$|file$)[a-z][a-z0-9+.-]*$/ })
    .or(z.literal(""))
    .default(""),
});

const credentials = z.object({ tokenId: z.string().max(64), token: z.string().max(256) });

/**
 * `magiclink`: a link by mail or SMS signs in whoever opens it. The link leads to the app, which sends what it carries; merely opening it,
 * as mail scanners do, uses nothing up.
 */
export const magicLinkProvider = (type: string): SignInProvider => ({
  type,
  config: magicLinkConfig,
  onByDefault: false,
  secondFactor: "asked",
  accountName: () => undefined,
  first: {
    checksSecret: false,
    start: async (attempt) => {
      const config = readConfig(magicLinkConfig, type, attempt.config);
      const { linkUrl, lifeSeconds } = config;
      if (linkUrl === "") throw new HttpError("ProviderMisconfigured");
      const name = readLoginName(attempt.credentials);
      await limitMessages(attempt, name);
      const { flows } = attempt.accounts;
      const state = { provider: attempt.provider, name: name.key, recipient: null };
      const { id, secret } = await flows.open({ kind: "link", state, secret: "link", lifeSeconds });
      const link = new URL(linkUrl);
      link.searchParams.set("token", secret);
      link.searchParams.set("tokenId", id);
      const afterwards = async (): Promise<void> => {
        const found = await findRecipient(attempt, name, config);
        if (found === undefined) return;
        await flows.remember("link", id, { ...state, recipient: found.recipient });
        await sendMessage(attempt, found, "sign-in-link", { link: link.href }, lifeSeconds);
      };
      return { kind: "started", flow: { id }, expiresInSeconds: lifeSeconds, afterwards };
    },
  },
  verify: async (attempt) => {
    const { tokenId, token } = readInput(credentials, attempt.credentials);
    const state = isId(tokenId) ? await attempt.accounts.flows.redeem("link", tokenId, token) : undefined;
    return state === undefined ? stepExpired : admit(attempt, state);
  },
});

import { z } from "zod";
import { HttpError } from "../../../errors/http.ts";
import { defineCustomProvider } from "./provider.ts";

const answer = z.object({ userID: z.string() });

/**
 * The example of docs/sign-in.md: asks a server of yours whose token it is. The server answers 200 and `{"userID":"…"}`, or any status from
 * 400 to 499 for a token that it does not know.
 */
export const tokenLookup = defineCustomProvider({
  name: "custom/token-lookup",
  options: z.object({
    auth_server: z.url({ protocol: /^https?$/ }).default("https://my.auth.server.example"),
    path: z.string().startsWith("/").default("/api/auth"),
  }),
  verifyIdentifier: async ({ data, userInfo }, { options, request }) => {
    const response = await request(new URL(options.path, options.auth_server), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token: data, user_info: userInfo }),
    });
    if (response.status >= 500) throw new HttpError("ProviderUnavailable");
    if (!response.ok) return { kind: "unauthorized", detail: "the token is not known" };
    const read = answer.safeParse(await response.json().catch(() => undefined));
    return read.success ? { kind: "verified", userId: read.data.userID } : { kind: "unauthorized" };
  },
});

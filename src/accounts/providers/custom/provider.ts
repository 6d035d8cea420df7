import { z } from "zod";
import { HttpError } from "../../../errors/http.ts";
import { OutgoingError, type OutgoingRequest } from "../../outbox/outgoing.ts";
import type { JsonObject } from "../../schema.ts";
import { readConfig, readInput } from "../input.ts";
import type { SignInProvider } from "../provider.ts";

/** What a client sent. The names are those of the login functions that SDKs have for custom providers. */
export interface CustomRequest {
  /** The credentials themselves: text of any form. */
  readonly data: string;
  /** What the client added. */
  readonly userInfo: JsonObject;
}

/** What a provider works with. */
export interface CustomTools<Options> {
  /** The defaults, overlaid by the realm's settings. */
  readonly options: Options;
  /**
   * A request to another server. Only public https addresses are asked, redirects are not followed, and an answer comes within five seconds
   * or not at all; a failure ends the sign-in with `ProviderUnavailable`.
   */
  readonly request: (url: string | URL, request?: OutgoingRequest) => Promise<Response>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What a provider found out. */
export type CustomVerdict =
  | {
      readonly kind: "verified";
      /** The person's id with this provider, never reused for another. Its user is made at the first sign-in. */
      readonly userId: string;
      /** Entries of the user's profile. */
      readonly profile?: Readonly<Record<string, string>>;
    }
  /** `detail` is told to the client. */
  | { readonly kind: "unauthorized"; readonly detail?: string };

export interface CustomProviderDefinition<Options> {
  /** Starts with `custom/`, so that it never meets a provider of Reeve's own. */
  readonly name: `custom/${string}`;
  /** The form of the options, with a default for each that may be left out. */
  readonly options: z.ZodType<Options>;
  verifyIdentifier(request: CustomRequest, tools: CustomTools<Options>): Promise<CustomVerdict>;
}

/** A provider in code whose options are known to itself only. */
export interface CustomProvider {
  readonly name: `custom/${string}`;
  readonly options: z.ZodType;
  readonly verify: SignInProvider["verify"];
}

const credentials = z.object({
  data: z.string().min(1).max(16_384),
  user_info: z.record(z.string().max(255), z.unknown()).default({}),
});

const userId = z.string().min(1).max(255);

/** Makes a provider of its definition; `index.ts` lists what this function returns. */
export const defineCustomProvider = <Options>(definition: CustomProviderDefinition<Options>): CustomProvider => ({
  name: definition.name,
  options: definition.options,
  verify: async ({ config, credentials: input, outgoing, now }) => {
    const { data, user_info: userInfo } = readInput(credentials, input);
    const options = readConfig(definition.options, definition.name, config);
    const request: CustomTools<Options>["request"] = async (url, given) => {
      try {
        return await outgoing(url, given);
      } catch (error) {
        throw error instanceof OutgoingError ? new HttpError("ProviderUnavailable") : error;
      }
    };
    const verdict = await definition.verifyIdentifier({ data, userInfo }, { options, request, now });
    if (verdict.kind === "unauthorized") {
      return { kind: "refused", code: "AuthError", counts: true, ...(verdict.detail === undefined ? {} : { message: verdict.detail }) };
    }
    return { kind: "identity", identity: { subject: userId.parse(verdict.userId), profile: verdict.profile ?? {}, data: {} } };
  },
});

/** The same as the sign-in knows providers: off until a realm's settings name it. */
export const customProvider = ({ name, options, verify }: CustomProvider): SignInProvider => ({
  type: name,
  config: options,
  onByDefault: false,
  secondFactor: "asked",
  accountName: () => undefined,
  verify,
});

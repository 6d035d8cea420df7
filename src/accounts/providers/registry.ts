import { anonymousProvider } from "./anonymous.ts";
import { apiKeyProvider } from "./api-key.ts";
import { appleProvider } from "./apple.ts";
import { azureAdProvider } from "./azure-ad.ts";
import { cloudKitProvider } from "./cloudkit.ts";
import { customProviders } from "./custom/index.ts";
import { customProvider } from "./custom/provider.ts";
import { customFunctionProvider } from "./custom-function.ts";
import { customTokenProvider } from "./custom-token.ts";
import { facebookProvider } from "./facebook.ts";
import { googleProvider } from "./google.ts";
import { localUserpassProvider } from "./local-userpass.ts";
import { magicLinkProvider } from "./magic-link.ts";
import { magicNumbersProvider } from "./magic-numbers.ts";
import { oneTimeCodeProvider } from "./one-time-code.ts";
import { openIdConnectProvider } from "./openid-connect.ts";
import { passwordCodeProvider } from "./password-code.ts";
import { providerTypeOf as typeOfName } from "../realm-files/provider-types.ts";
import type { JsonObject } from "../schema.ts";
import type { SignInProvider } from "./provider.ts";
import { ticketProvider } from "./ticket.ts";

/** The providers that requests may name. */
export interface ProviderRegistry {
  /** The provider of this type; undefined when there is none. */
  get(type: string): SignInProvider | undefined;
}

/** Providers of which a realm may have several, each under a type of its own that matches `types`. */
interface ProviderFamily {
  readonly types: RegExp;
  make(type: string): SignInProvider;
}

const families: readonly ProviderFamily[] = [
  { types: /^oidc(-[a-z0-9]+(-[a-z0-9]+)*)?$/, make: openIdConnectProvider },
  { types: /^otp\d{0,2}$/, make: oneTimeCodeProvider },
  { types: /^passwordotp\d{0,2}$/, make: passwordCodeProvider },
  { types: /^magiclink\d{0,2}$/, make: magicLinkProvider },
  { types: /^magicnumbers\d{0,2}$/, make: magicNumbersProvider },
];

const maxTypeLength = 64;

/** A registry of these providers and of every family; of two with one type the later counts. */
export const createRegistry = (providers: readonly SignInProvider[]): ProviderRegistry => {
  const known = new Map(providers.map((provider) => [provider.type, provider]));
  return {
    get: (type) => {
      if (type.length > maxTypeLength) return undefined;
      return known.get(type) ?? families.find(({ types }) => types.test(type))?.make(type);
    },
  };
};

/** Every provider that Reeve brings, besides the families. */
export const signInProviders: readonly SignInProvider[] = [
  anonymousProvider,
  localUserpassProvider,
  apiKeyProvider,
  customTokenProvider,
  customFunctionProvider,
  ticketProvider,
  googleProvider,
  facebookProvider,
  appleProvider,
  azureAdProvider("azuread"),
  azureAdProvider("o365"),
  cloudKitProvider,
  ...customProviders.map(customProvider),
];

const everyProvider = createRegistry(signInProviders);

/** The first thing that is wrong with a provider's settings; undefined when nothing is, or when there is no such provider. */
export const checkProviderConfig = (
  type: string,
  config: JsonObject,
): { readonly path: readonly string[]; readonly problem: string } | undefined => {
  const issue = everyProvider.get(type)?.config.safeParse(config).error?.issues[0];
  return issue === undefined ? undefined : { path: issue.path.map(String), problem: issue.message };
};

/** The type that a name stands for (`password`, `google`, `o365`, `magicnumbers01`, `custom/…`); undefined when no provider has it. */
export const providerTypeOf = (name: string): string | undefined => {
  const type = typeOfName(name) ?? name;
  return everyProvider.get(type) === undefined ? undefined : type;
};

import { anonymousProvider } from "./anonymous.ts";
import { apiKeyProvider } from "./api-key.ts";
import { customFunctionProvider } from "./custom-function.ts";
import { customTokenProvider } from "./custom-token.ts";
import { localUserpassProvider } from "./local-userpass.ts";
import type { SignInProvider } from "./provider.ts";

export type ProviderRegistry = ReadonlyMap<string, SignInProvider>;

/** A registry of these providers; of two with one type the later counts. */
export const createRegistry = (providers: readonly SignInProvider[]): ProviderRegistry =>
  new Map(providers.map((provider) => [provider.type, provider]));

/** Every provider that Reeve brings. */
export const signInProviders: readonly SignInProvider[] = [
  anonymousProvider,
  localUserpassProvider,
  apiKeyProvider,
  customTokenProvider,
  customFunctionProvider,
];

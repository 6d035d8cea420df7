import type { CustomProvider } from "./provider.ts";
import { tokenLookup } from "./token-lookup.ts";

/**
 * Custom authentication providers that are bundled with the Worker. To add one, write a file beside this one that calls
 * `defineCustomProvider`, list it here, and switch it on in a realm's settings under its name. `token-lookup.ts` is an example to copy.
 */
export const customProviders: readonly CustomProvider[] = [tokenLookup];

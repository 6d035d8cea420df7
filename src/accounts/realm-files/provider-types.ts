/** What realm files call sign-in providers, and the types under which they are stored. */
const types: ReadonlyMap<string, string> = new Map([
  ["password", "local-userpass"],
  ["anonymous", "anon-user"],
  ["apikey", "api-key"],
  ["jwt", "custom-token"],
  ["function", "custom-function"],
  ["google", "oauth2-google"],
  ["facebook", "oauth2-facebook"],
  ["apple", "oauth2-apple"],
  ["icloud", "cloudkit"],
]);

const ownTypes: ReadonlySet<string> = new Set([...types.values(), "azuread", "o365"]);

/** Types of which a realm may have several, told apart by what follows: `magicnumbers01`, `oidc-partner`, `custom/legacy`. */
const families: readonly RegExp[] = [
  /^oidc(-[a-z0-9]+)*$/,
  /^(otp|passwordotp|magiclink|magicnumbers)\d{0,2}$/,
  /^custom\/[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
];

/**
 * The stored type of a provider that a file names; undefined when there is none. Whether the Worker brings a provider of the type is the
 * registry's to say.
 */
export const providerTypeOf = (name: string): string | undefined => {
  const type = types.get(name) ?? name;
  return ownTypes.has(type) || families.some((family) => family.test(type)) ? type : undefined;
};

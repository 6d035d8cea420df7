/** The realms of the example and how many users each gets: 10,000 together. */
export const sizes = { office: 500, customers: 8000, shops: 500, couriers: 900, franchise: 100 } as const;

export type ExampleRealm = keyof typeof sizes;

const firstNames = ["Amara", "Bjarne", "Chiara", "Dmitri", "Eszter", "Fatima", "Goran", "Hanna", "Ibrahim", "Jonas"];
const lastNames = ["Abels", "Bianchi", "Castillo", "Dubois", "Eriksen", "Fischer", "Greco", "Horvat", "Ivanova", "Jansen"];

const pick = (names: readonly string[], index: number): string => names[index % names.length] ?? "";

/** Everybody has the fields of the default entity: the same index gives the same person. */
const person = (realm: ExampleRealm, index: number) => ({
  email: `person${index}@${realm}.example`,
  mobile: `+49170${String(index).padStart(7, "0")}`,
  firstname: pick(firstNames, index),
  lastname: pick(lastNames, Math.floor(index / firstNames.length)),
});

/** What a realm's entity has besides. */
const own: Readonly<Record<ExampleRealm, (index: number) => Readonly<Record<string, unknown>>>> = {
  office: (index) => ({ personnelnumber: `P${index}`, department: pick(["buying", "sales", "care"], index) }),
  customers: (index) => ({ customernumber: `C${index}`, newsletter: index % 3 === 0 }),
  shops: (index) => ({ till: `T${index}` }),
  couriers: () => ({}),
  franchise: (index) => ({ personnelnumber: `F${index}` }),
};

/** The values of a user by the entity of the realm; `index` from 0. */
export const userOf = (realm: ExampleRealm, index: number): Readonly<Record<string, unknown>> => ({
  ...person(realm, index),
  ...own[realm](index),
});

/** A name under which the user signs in, other than the e-mail address. */
export const nameOf: Readonly<Record<ExampleRealm, (index: number) => string>> = {
  office: (index) => `P${index}`,
  customers: (index) => `C${index}`,
  shops: (index) => `T${index}`,
  couriers: (index) => `+49170${String(index).padStart(7, "0")}`,
  franchise: (index) => `F${index}`,
};

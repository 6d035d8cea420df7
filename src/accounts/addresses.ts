/** The groups of an IPv6 address, with the `::` filled in; undefined for anything else. */
const ipv6Groups = (address: string): readonly string[] | undefined => {
  if (!address.includes(":")) return undefined;
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: missing }, () => "0"), ...after];
};

/**
 * Whom an address stands for when failures are counted: an IPv4 address for itself, an IPv6 address for its /64, since whoever has one
 * address of it has them all. The form is Cloudflare's; text that is no address stands for itself.
 */
export const networkOf = (address: string): string => {
  const groups = ipv6Groups(address.toLowerCase());
  if (groups === undefined || groups.length !== 8) return address;
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
};

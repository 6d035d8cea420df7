/** An object whose optional members are absent instead of undefined. */
export type Given<Members> = { [Name in keyof Members]: Exclude<Members[Name], undefined> };

/** Leaves out members that are undefined: for a patch, absent and undefined must not differ. */
export const given = <Members extends object>(members: Members): Given<Members> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<Members>;

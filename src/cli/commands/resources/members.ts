import type { Member } from "../../operation.ts";

const flags = { true: true, false: false, unset: null } as const;

/** A flag of a grant: it may be set either way, or unset so that it falls back. */
export const grantFlag = (member: string, description: string): Member => ({
  in: "body",
  member,
  reading: { as: "value", of: flags },
  description,
});

export const bodyText = (member: string, description: string, valueHint?: string, required?: boolean): Member => ({
  in: "body",
  member,
  reading: { as: "text" },
  description,
  ...(valueHint === undefined ? {} : { valueHint }),
  ...(required === undefined ? {} : { required }),
});

export const bodyJson = (member: string, description: string, required?: boolean): Member => ({
  in: "body",
  member,
  reading: { as: "json" },
  description,
  ...(required === undefined ? {} : { required }),
});

export const bodySwitch = (member: string, description: string): Member => ({ in: "body", member, reading: { as: "switch" }, description });

export const queryText = (member: string, description: string, valueHint?: string): Member => ({
  in: "query",
  member,
  reading: { as: "text" },
  description,
  ...(valueHint === undefined ? {} : { valueHint }),
});

/** A text that stands behind the command without an option's name. */
export const bodyArgument = (member: string, description: string): Member => ({
  in: "body",
  member,
  reading: { as: "text" },
  description,
  positional: true,
});

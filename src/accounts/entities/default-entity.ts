import type { EntityDefinition, FieldDefinition } from "./model.ts";

/** The name of the entity that every other one extends. */
export const defaultEntityName = "users";

const plain = { useForAuth: false, useForIdentity: false, nolog: false } as const;
const required = { by: defaultEntityName } as const;

const personName = (name: string, isRequired: boolean): FieldDefinition => ({
  ...plain,
  name,
  type: "string",
  ...(isRequired ? { required, length: { min: 3, max: 255 } } : { length: { max: 255 } }),
  nolog: true,
});

/** The default user entity, which always exists; `iam/users.yaml` of the examples writes the same as a file, and a test holds the two together. */
export const defaultEntity: EntityDefinition = {
  name: defaultEntityName,
  fields: [
    {
      ...plain,
      name: "id",
      type: "ulid",
      defaultValue: "ulid()",
      required,
      unique: { message: "id field needs to be unique" },
      final: { message: "id field cannot be updated" },
    },
    {
      ...plain,
      name: "email",
      type: "string",
      required,
      length: { min: 3, max: 255 },
      unique: {},
      useForAuth: true,
      useForIdentity: true,
      nolog: true,
    },
    { ...plain, name: "mobile", type: "string", unique: {}, useForAuth: true, nolog: true },
    { ...plain, name: "meta", type: "object", defaultValue: "'{}'" },
    { ...plain, name: "properties", type: "object", defaultValue: "'{}'" },
    personName("firstname", true),
    personName("lastname", true),
    personName("middlename", false),
    { ...plain, name: "displayname", type: "string", computed: 'firstname + " " + middlename + " " + lastname' },
    { ...plain, name: "password", type: "string", hash: {} },
    { ...plain, name: "active", type: "boolean", required, defaultValue: "true" },
    { ...plain, name: "locked", type: "boolean", defaultValue: "false" },
    { ...plain, name: "tags", type: "array(string)" },
  ],
};

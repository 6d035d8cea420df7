import { describe, expect, test } from "vitest";
import { ask, call, makeRealm, nameOf } from "./support.ts";

const person = { firstname: "Kimberley", lastname: "Example", email: "kim@example.org", mobile: "+4712345678" };

describe("fields of a user, written by an operator", () => {
  test("[C3] are checked, normalised and completed by the realm's entity", async () => {
    const realm = nameOf("fielded");
    await makeRealm(realm);
    const made = await ask<{ id: string; fields: Record<string, unknown> }>(`/api/v1/realms/${realm}/users`, {
      method: "POST",
      body: { fields: person, username: "kim", password: "long enough", customData: { team: "red" } },
    });
    expect(made).toMatchObject({ fields: { ...person, displayname: expect.stringContaining("Kimberley") }, customData: { team: "red" } });
    const changed = await ask(`/api/v1/realms/${realm}/users/${made.id}`, { method: "PATCH", body: { fields: { firstname: "Joanna" } } });
    expect(changed).toMatchObject({ fields: { firstname: "Joanna", displayname: expect.stringContaining("Joanna") } });
  });

  test("that the entity does not accept are refused with their place, and nothing is stored", async () => {
    const realm = nameOf("refusing");
    await makeRealm(realm);
    const path = `/api/v1/realms/${realm}/users`;
    expect(await call(path, { method: "POST", body: { fields: { ...person, firstname: "x", unknown: 1 } } })).toMatchObject({
      status: 400,
      json: { code: "InputInvalid", problems: expect.arrayContaining([expect.objectContaining({ place: "body.fields.firstname" })]) },
    });
    expect(await call(path, { method: "POST", body: { fields: person, id: "a".repeat(24) } })).toMatchObject({ status: 400 });
    expect(await ask(path)).toEqual({ items: [], next: null });
    await ask(path, { method: "POST", body: { fields: person } });
    expect(await call(path, { method: "POST", body: { fields: person } })).toMatchObject({ status: 409, json: { code: "NameTaken" } });
  });

  test("[C6] are forgotten with every way to sign in; the id stays, shut out", async () => {
    const realm = nameOf("emptied");
    await makeRealm(realm);
    const path = `/api/v1/realms/${realm}/users`;
    const { id } = await ask<{ id: string }>(path, { method: "POST", body: { fields: person, password: "long enough", username: "kim" } });
    expect(await ask(`${path}/${id}/forget`, { method: "POST" })).toMatchObject({ id, fields: {}, state: "disabled" });
    // The address is free again, for somebody else.
    expect(await ask(path, { method: "POST", body: { fields: person } })).not.toMatchObject({ id });
    const { items } = await ask<{ items: readonly unknown[] }>(`/api/v1/realms/${realm}/audit`);
    expect(items).toContainEqual(expect.objectContaining({ actor: "admin-token", action: "user.forget", target: id }));
  });
});

test("[C11] a program signs in by the API key of a server user, and no longer when the key is gone", async () => {
  const realm = nameOf("keyed");
  await makeRealm(realm);
  const { id } = await ask<{ id: string }>(`/api/v1/realms/${realm}/users`, { method: "POST", body: { type: "server" } });
  await ask(`/api/v1/realms/${realm}/providers/api-key`, { method: "PUT", body: {} });
  const path = `/api/v1/realms/${realm}/users/${id}/api-keys`;
  const made = await ask<{ id: string; key: string }>(path, { method: "POST", body: { name: "importer" } });
  const signIn = () => call(`/api/client/v2.0/app/${realm}/auth/providers/api-key/login`, { method: "POST", body: { key: made.key } });
  expect(await signIn()).toMatchObject({ status: 200, json: { user_id: id } });
  expect(await call(path, { method: "POST", body: { name: "importer" } })).toMatchObject({ status: 409 });
  expect(JSON.stringify(await ask(path))).not.toContain(made.key);
  expect((await call(`${path}/${made.id}`, { method: "DELETE" })).status).toBe(204);
  expect((await signIn()).status).toBe(401);
  expect((await call(`${path}/${made.id}`, { method: "DELETE" })).json).toMatchObject({ code: "ApiKeyUnknown" });
});

import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { openAccounts } from "../../../src/accounts/accounts.ts";
import { parseRealmName, type RealmName } from "../../../src/accounts/ids.ts";
import customersEntity from "../../seeds/kis/customers/customers.yaml?raw";
import customersRealm from "../../seeds/kis/customers/realms.yaml?raw";
import defaultRealm from "../../seeds/kis/default/realms.yaml?raw";
import defaultUsers from "../../seeds/kis/default/users.yaml?raw";

interface Answer {
  readonly status: number;
  readonly body: {
    applied?: boolean;
    steps?: { kind: string; realm: string; text: string }[];
    diagnostics?: unknown[];
    error_code?: string;
  };
}

const send = async (path: string, body: unknown, token?: string): Promise<{ status: number; text: string }> => {
  const answer = await exports.default.fetch(`http://reeve.test${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text() };
};

const push = async (files: Readonly<Record<string, string>>, query = "", token = env.ADMIN_TOKEN): Promise<Answer> => {
  const list = Object.entries(files).map(([path, text]) => ({ path, text }));
  const { status, text } = await send(`/api/v1/realm-files${query}`, { files: list }, token);
  return { status, body: JSON.parse(text) };
};

const named = (text: string): RealmName => {
  const name = parseRealmName(text);
  if (name === undefined) throw new Error(text);
  return name;
};

const accounts = openAccounts(env.DB);
const customers = accounts.inRealm(named("customers"));
const seedFiles = { "iam/realms.yaml": customersRealm, "iam/customers.yaml": customersEntity };

describe("POST /api/v1/realm-files", () => {
  it.each([["wrong"], [""]])("demands the admin token (%j)", async (token) => {
    expect((await push(seedFiles, "", token)).status).toBe(401);
  });

  it("says what it would do and does nothing, with dryRun", async () => {
    const { status, body } = await push(seedFiles, "?dryRun=true");
    expect(status).toBe(200);
    expect(body.applied).toBe(false);
    expect(body.steps?.map(({ kind }) => kind)).toEqual(["create realm", "set entity", "set provider", "activate"]);
    expect(await accounts.realms.find(named("customers"))).toBeUndefined();
  });

  it("stores nothing when one file of many is wrong, and names the place", async () => {
    const { status, body } = await push({ ...seedFiles, "iam/more.yaml": "realms:\n  more:\n    entity: nothing\n" });
    expect(status).toBe(422);
    expect(body.diagnostics).toEqual([
      { file: "iam/more.yaml", line: 3, column: 13, code: "UNKNOWN_ENTITY", message: 'there is no entity "nothing"' },
    ]);
    expect(await accounts.realms.find(named("customers"))).toBeUndefined();
  });

  it.each([
    ["broken JSON", "{", "the body is not JSON"],
    ["a key twice", '{"files":[],"files":[]}', "files stands twice"],
    ["something else", '{"filse":[]}', "files"],
    ["a path without text", '{"files":[{"path":"a"}]}', "files.0.text"],
  ])("refuses %s", async (_, body, message) => {
    const answer = await send("/api/v1/realm-files", body, env.ADMIN_TOKEN);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(message);
  });

  describe("the seed's customers realm", () => {
    beforeAll(async () => {
      const { status, body } = await push(seedFiles);
      expect([status, body.applied]).toEqual([200, true]);
    });

    it("is there, with its entity, its providers and its fields for signing in", async () => {
      const realm = await accounts.realms.find(named("customers"));
      expect(realm).toMatchObject({ active: true, isDefault: false, entity: "customers" });
      expect(realm?.settings.signInFields).toEqual(["email", "mobile", "username"]);
      expect((await customers.providers.list()).map(({ type, disabled }) => [type, disabled])).toEqual([["o365", false]]);
    });

    it("is not touched by a second push", async () => {
      expect((await push(seedFiles)).body).toEqual({ applied: true, steps: [] });
    });

    it("admits those whom its entity permits, by each field for signing in", async () => {
      const account = {
        realm: "customers",
        username: "jo",
        email: "jo@shop.example",
        mobile: "+49301234",
        name: "Jo",
        password: "my-password",
      };
      const created = await send("/api/Users", account);
      expect(created.status).toBe(200);
      expect(JSON.parse(created.text)).toMatchObject({ realm: "customers", username: "jo", name: "Jo", mobile: "+49301234" });
      expect(created.text).not.toContain("my-password");
      for (const username of ["jo", "jo@shop.example", "+49301234", "JO@SHOP.example"]) {
        const login = await send("/api/Users/login", { username: `customers:${username}`, password: "my-password" });
        expect([username, login.status]).toEqual([username, 200]);
      }
      const login = await send("/api/client/v2.0/app/users/auth/providers/local-userpass/login", {
        username: "customers:+49301234",
        password: "my-password",
      });
      expect(login.status).toBe(200);
    });

    it("demands what its entity demands, in the entity's words", async () => {
      const answer = await send("/api/Users", { realm: "customers", email: "x@shop.example", password: "my-password" });
      expect(answer.status).toBe(422);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { details: { codes: { name: ["presence"] } } } });
    });

    it("refuses files under which two of its users could not be told apart", async () => {
      for (const email of ["a@shop.example", "b@shop.example"]) {
        expect((await send("/api/Users", { realm: "customers", email, name: "Same", password: "my-password" })).status).toBe(200);
      }
      const unique = customersEntity.replace("      - name: username", "          - type: unique\n      - name: username");
      const wrong = unique.replace(
        "        compliances:\n          - type: nolog\n          - type: unique\n",
        "          - type: unique\n",
      );
      const { status, body } = await push({ ...seedFiles, "iam/customers.yaml": wrong });
      expect(status).toBe(422);
      expect(body.diagnostics).toMatchObject([{ code: "STORED_USERS", file: "iam/realms.yaml", line: 2, column: 3 }]);
    });

    it("lets a new field sign in those who are there already", async () => {
      const changed = customersEntity.replace(
        "      - name: username",
        "      - name: customernumber\n        type: string\n        attributes:\n          useforauth: true\n      - name: username",
      );
      const before = customersEntity.replace(
        "      - name: username",
        "      - name: customernumber\n        type: string\n      - name: username",
      );
      expect((await push({ ...seedFiles, "iam/customers.yaml": before })).status).toBe(200);
      const account = { realm: "customers", email: "n@shop.example", name: "No", customernumber: "C-17", password: "my-password" };
      expect((await send("/api/Users", account)).status).toBe(200);
      const credentials = { username: "customers:C-17", password: "my-password" };
      expect((await send("/api/Users/login", credentials)).status).toBe(401);
      expect((await push({ ...seedFiles, "iam/customers.yaml": changed })).body).toMatchObject({ applied: true, steps: [{}, {}] });
      expect((await send("/api/Users/login", credentials)).status).toBe(200);
    });

    it("admits nobody while it is inactive, and says so", async () => {
      const inactive = customersRealm.replace("entity: customers", "entity: customers\n    active: false");
      const { body } = await push({ ...seedFiles, "iam/realms.yaml": inactive, "iam/customers.yaml": customersEntity });
      expect(body.steps?.map(({ kind }) => kind)).toContain("deactivate");
      const login = await send("/api/Users/login", { username: "customers:jo", password: "my-password" });
      expect([login.status, JSON.parse(login.text).error.code]).toEqual([401, "REALM_INACTIVE"]);
      const create = await send("/api/Users", { realm: "customers", email: "z@shop.example", name: "Zoe", password: "my-password" });
      expect([create.status, JSON.parse(create.text).error.code]).toEqual([401, "REALM_INACTIVE"]);
    });
  });

  it("takes the seed's default realm and entity as they stand", async () => {
    const { status, body } = await push({ "iam/realms.yaml": defaultRealm, "iam/users.yaml": defaultUsers });
    expect(status).toBe(200);
    expect(body.steps?.every(({ kind }) => kind === "set provider" || kind === "disable provider")).toBe(true);
    const types = (await accounts.inRealm(named("users")).providers.list()).filter(({ disabled }) => !disabled).map(({ type }) => type);
    expect(types.toSorted()).toEqual(["local-userpass", "magicnumbers01", "o365", "passwordotp"]);
  });
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { OpenAPIClientAxios, type Document } from "openapi-client-axios";
import { expect, test } from "vitest";
import { startServer, withState } from "../support/server.ts";

interface Api {
  (parameters?: unknown, body?: unknown, config?: unknown): Promise<{ readonly status: number; readonly data: Record<string, unknown> }>;
}

/** A client that nobody here wrote, made from the document alone. */
const clientOf = async (definition: Document, origin: string, token: string): Promise<Readonly<Record<string, Api>>> => {
  const made = new OpenAPIClientAxios({
    definition: { ...definition, servers: [{ url: `${origin}/api/v1` }] },
    axiosConfigDefaults: { headers: { Authorization: `Bearer ${token}` }, validateStatus: () => true },
  });
  return (await made.getClient()) as unknown as Readonly<Record<string, Api>>;
};

test("the OpenAPI document of a running server is valid, and a client made from it manages the server", async () => {
  await withState(async (state) => {
    const server = await startServer(state);
    const token = (await readFile(join(state, "secrets", "admin-token"), "utf8")).trim();
    const document = (await (await fetch(`${server.origin}/api/v1/openapi.json`)).json()) as Document;
    const validation = await new Validator().validate({ ...structuredClone(document) });
    expect(validation).toMatchObject({ valid: true });

    const client = await clientOf(document, server.origin, token);
    const use = (name: string): Api => {
      const operation = client[name];
      if (operation === undefined) throw new Error(`the document describes no ${name}`);
      return operation;
    };
    expect((await use("getPrincipal")()).data).toEqual({ kind: "tool" });
    expect(await use("createRealm")(null, { name: "made" })).toMatchObject({ status: 201, data: { name: "made", active: true } });
    const user = await use("createUser")({ realm: "made" }, { username: "kim@example.org", password: "long enough" });
    expect(user).toMatchObject({ status: 201, data: { realm: "made", state: "normal" } });
    const { id } = user.data;
    expect((await use("setGrant")({ realm: "made", partition: "s:/shared/list", subject: id }, { mayRead: true })).data).toMatchObject({
      partition: "s:/shared/list",
      subject: id,
      mayRead: true,
      mayWrite: null,
    });
    expect((await use("listGrants")({ realm: "made", subject: id })).data.items).toHaveLength(1);
    expect((await use("setUserState")({ realm: "made", userId: id }, { state: "locked" })).data).toMatchObject({ state: "locked" });
    expect((await use("getUser")({ realm: "made", userId: "nobody" })).data).toMatchObject({ code: "UserUnknown", status: 404 });
    expect(await use("deleteRealm")({ realm: "made" })).toMatchObject({ status: 204 });

    const page = await fetch(`${server.origin}/api/v1/docs`);
    expect(page.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    const text = await page.text();
    const operations = Object.values(document.paths ?? {}).flatMap(
      (item) => Object.values(item ?? {}) as { readonly operationId?: string }[],
    );
    expect(operations.filter(({ operationId }) => !text.includes(`id="${operationId}"`))).toEqual([]);
    expect(text).not.toContain("<script");
    await server.stop();
  });
});

import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";

test("the health route answers ok", async () => {
  const response = await exports.default.fetch("http://reeve.test/health");
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: "ok" });
});

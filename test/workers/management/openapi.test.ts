import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";

test("the OpenAPI document describes every route", async () => {
  const response = await exports.default.fetch("http://reeve.test/api/v1/openapi.json");
  expect(response.status).toBe(200);
  const document = (await response.json()) as { paths: Record<string, unknown> };
  console.log(Object.keys(document.paths).join("\n"));
});

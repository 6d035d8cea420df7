import type { ManagementApp, ManagementContext } from "./context.ts";

type OpenApiDocument = ReturnType<ManagementApp["getOpenAPI31Document"]>;

/** The description of all routes, made from their definitions. */
export const openApiDocument = (app: ManagementApp, version: string): OpenApiDocument =>
  app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Reeve management interface",
      version,
      description:
        "Realms, applications, sign-in providers, users, grants, partitions, limits, logs. Send the admin token or an admin's access token as `Authorization: Bearer …`. " +
        "Lists come in pages: pass `next` as `cursor` to get the page behind. Refusals are problem bodies with a stable `code`.",
    },
    servers: [{ url: "/api/v1" }],
  });

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text: unknown): string => String(text ?? "").replaceAll(/[&<>"]/g, (character) => escapes[character] ?? "");

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}code,pre{font:14px/1.5 ui-monospace,monospace}
pre{overflow:auto;padding:.75rem;border:1px solid #8884;border-radius:6px}h3{margin:2rem 0 .25rem}.method{text-transform:uppercase;font-weight:700}
summary{cursor:pointer}@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}`;

const methods = ["get", "post", "put", "patch", "delete"] as const;

/** The reference as one page without scripts: it needs nothing but itself, whatever network the reader is on. */
export const referencePage = async (context: ManagementContext, document: OpenApiDocument): Promise<Response> => {
  const sections: string[] = [];
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of methods) {
      const operation = item[method];
      if (operation === undefined) continue;
      const details = JSON.stringify(
        { parameters: operation.parameters, requestBody: operation.requestBody, responses: operation.responses },
        undefined,
        2,
      );
      sections.push(
        `<section id="${escape(operation.operationId)}"><h3><code><span class="method">${method}</span> ${escape(path)}</code></h3>` +
          `<p>${escape(operation.summary)}. For: ${escape(Reflect.get(operation, "x-reeve-access"))}.</p>` +
          `<details><summary>Parameters, body and answers</summary><pre>${escape(details)}</pre></details></section>`,
      );
    }
  }
  const schemas = Object.entries(document.components?.schemas ?? {})
    .map(
      ([name, schema]) => `<h3 id="schema-${escape(name)}">${escape(name)}</h3><pre>${escape(JSON.stringify(schema, undefined, 2))}</pre>`,
    )
    .join("");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style)));
  const styleHash = btoa(String.fromCharCode(...digest));
  context.header(
    "Content-Security-Policy",
    `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  return context.html(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(document.info.title)}</title>` +
      `<style>${style}</style></head><body><h1>${escape(document.info.title)}</h1><p>${escape(document.info.description)}</p>` +
      `<p><a href="openapi.json">openapi.json</a></p>${sections.join("")}<h2>Schemas</h2>${schemas}</body></html>`,
  );
};

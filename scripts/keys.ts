import { makeSigningKeys } from "../src/server/secrets.ts";

// A fresh value of the secret SIGNING_KEYS: `npm run --silent keys | npx wrangler secret put SIGNING_KEYS`.
console.log(await makeSigningKeys());

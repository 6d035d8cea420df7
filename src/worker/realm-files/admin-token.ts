import { equalInConstantTime } from "../../accounts/bytes.ts";

const digest = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

/** Whether a header `Authorization` carries the admin token; takes as long for a near miss as for any other. */
export const hasAdminToken = async (header: string | undefined, adminToken: string): Promise<boolean> =>
  adminToken !== "" && equalInConstantTime(await digest(header?.replace(/^Bearer\s+/i, "") ?? ""), await digest(adminToken));

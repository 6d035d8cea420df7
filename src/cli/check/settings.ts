import { nearest } from "../../rules/nearest.ts";
import type { Findings, Position } from "../../rules/config/diagnostic.ts";
import { logSettings } from "../../platform/logging.ts";

/** A setting as it was written, with its place. */
export interface WrittenSetting {
  readonly name: string;
  readonly at: Position;
  readonly value: unknown;
  readonly valueAt: Position;
}

/** Why a value is none for a setting; `meant`: one that is near. */
interface Problem {
  readonly takes: string;
  readonly meant?: string | undefined;
}

type Check = (value: string) => Problem | undefined;

const origin: Check = (text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.origin === text && (url.protocol === "https:" || url.protocol === "http:")) return undefined;
  return { takes: "an origin such as https://sync.example.net, without a path", meant: url?.origin === "null" ? undefined : url?.origin };
};

const oneOf =
  (...values: readonly string[]): Check =>
  (text) =>
    values.includes(text) ? undefined : { takes: `one of ${values.join(", ")}`, meant: nearest(text, values) };

const hosts: Check = (text) =>
  text
    .split(",")
    .every((host) => host.trim() !== "" && URL.canParse(`http://${host.trim()}`) && new URL(`http://${host.trim()}`).pathname === "/")
    ? undefined
    : { takes: "hosts with ports, separated by commas: 127.0.0.1:8080,users.internal" };

/** Every setting of the Worker that is no secret (a test holds it against the Worker's environment). */
export const settings: Readonly<Record<string, Check>> = {
  PUBLIC_ORIGIN: origin,
  LOG_LEVEL: oneOf(...logSettings),
  REALM_REQUIRED: oneOf("true", "false"),
  REALM_DELIMITER: (text) => (text.length <= 8 ? undefined : { takes: "at most 8 characters" }),
  OUTGOING_HOSTS: hosts,
  OUTBOX_URL: (text) =>
    URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
      ? undefined
      : { takes: "a URL such as https://hooks.example.net/messages" },
};

/** Secrets that every deployment needs. */
export const requiredSecrets = ["SIGNING_KEYS", "ADMIN_TOKEN"] as const;
/** All secrets; none may stand among the settings of `wrangler.toml`. */
export const secretNames = [...requiredSecrets, "OUTBOX_SECRET"] as const;

export const isSecret = (name: string): boolean => secretNames.some((secret) => secret === name);

/** Checks one setting by its name. Secrets are not looked at. */
export const checkSetting = ({ name, at, value, valueAt }: WrittenSetting, findings: Findings): void => {
  if (isSecret(name)) return;
  const check = Object.hasOwn(settings, name) ? settings[name] : undefined;
  if (check === undefined) {
    const meant = nearest(name, [...Object.keys(settings), ...secretNames]);
    findings.add("SettingUnknown", at, `There is no setting ${name}.`, meant === undefined ? undefined : `Did you mean ${meant}?`);
    return;
  }
  const problem = typeof value === "string" ? check(value) : { takes: "text" };
  if (problem === undefined) return;
  const shown = JSON.stringify(value)?.slice(0, 60) ?? "nothing";
  findings.add(
    "SettingInvalid",
    valueAt,
    `${name} takes ${problem.takes}, not ${shown}.`,
    problem.meant === undefined ? undefined : `Did you mean "${problem.meant}"?`,
  );
};

/** The admin token opens everything, so it must not be guessed. */
export const checkAdminToken = ({ value, valueAt }: { readonly value: string; readonly valueAt: Position }, findings: Findings): void => {
  const distinct = new Set(value).size;
  if (value.length >= 32 && distinct >= 10) return;
  findings.add(
    "AdminTokenWeak",
    valueAt,
    value.length < 32
      ? `ADMIN_TOKEN has ${value.length} characters; 32 are the least.`
      : `ADMIN_TOKEN consists of only ${distinct} different characters.`,
    "Make one: openssl rand -base64 32",
  );
};

/** The secret that signs what is delivered to people, in the form of Standard Webhooks. The value is not quoted. */
export const checkOutboxSecret = ({ value, valueAt }: { readonly value: string; readonly valueAt: Position }, findings: Findings): void => {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value)?.[1];
  if (base64 !== undefined && Buffer.from(base64, "base64").length >= 24) return;
  findings.add(
    "SettingInvalid",
    valueAt,
    "OUTBOX_SECRET takes whsec_ and at least 24 random bytes as base64.",
    'Make one: echo "whsec_$(openssl rand -base64 32)"',
  );
};

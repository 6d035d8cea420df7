import { parseArgs } from "node:util";
import { logSettings, type LogSetting } from "../platform/logging.ts";

/** The Worker's settings that `--set` may give; on Cloudflare they are variables (docs/operations.md). `LOG_LEVEL` is `--log`. */
export const settingNames = [
  "PUBLIC_ORIGIN",
  "REALM_REQUIRED",
  "REALM_DELIMITER",
  "OUTGOING_HOSTS",
  "OUTBOX_URL",
  "OUTBOX_SECRET",
] as const;
export type SettingName = (typeof settingNames)[number];

/** How the embedded server runs. */
export interface ServerOptions {
  readonly host: string;
  /** 0 … 65535; 0 lets the system choose. */
  readonly port: number;
  /** The folder that holds all data and secrets. */
  readonly state: string;
  readonly logLevel: LogSetting;
  readonly settings: Readonly<Partial<Record<SettingName, string>>>;
  /** The folder of realm files to apply, which must exist. Absent: `iam`, if there is one. */
  readonly realmFolder?: string;
  /** PEM files; when present the server speaks HTTPS and WSS. */
  readonly tls?: { readonly certificatePath: string; readonly keyPath: string };
}

export type ParsedOptions =
  | { readonly kind: "run"; readonly options: ServerOptions }
  | { readonly kind: "help" }
  /** `message` names the flag and what it takes. */
  | { readonly kind: "invalid"; readonly message: string };

export const usage = `Usage: npm start -- [options]

  --port N       port to listen on, 0 for any free one (default 9080)
  --host H       address to listen on (default 127.0.0.1; 0.0.0.0 for all)
  --state DIR    folder of all data and secrets (default .reeve/state)
  --log LEVEL    ${logSettings.join(", ")} (default info)
  --set N=VALUE  a setting of the Worker: ${settingNames.join(", ")}; may be repeated
  --iam DIR      folder of realm files to apply (default iam, if there is one)
  --cert FILE    PEM certificate: serve HTTPS and WSS, together with --key
  --key FILE     PEM private key of the certificate
  --help         this text
`;

const invalid = (message: string): ParsedOptions => ({ kind: "invalid", message });

/** `NAME=VALUE` texts as settings, or what is wrong with the first that is none. */
const parseSettings = (texts: readonly string[]): ServerOptions["settings"] | string => {
  const settings: Partial<Record<SettingName, string>> = {};
  for (const text of texts) {
    const equals = text.indexOf("=");
    const name = settingNames.find((known) => known === text.slice(0, equals));
    if (equals < 0 || name === undefined) return `--set takes NAME=VALUE with one of ${settingNames.join(", ")}, not "${text}"`;
    settings[name] = text.slice(equals + 1);
  }
  return settings;
};

/** Parses the command line's arguments (without node and script). */
export const parseOptions = (parameters: readonly string[]): ParsedOptions => {
  const text = { type: "string" } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...parameters],
      options: {
        port: text,
        host: text,
        state: text,
        log: text,
        iam: text,
        cert: text,
        key: text,
        set: { type: "string", multiple: true },
        help: { type: "boolean" },
      },
      strict: true,
      allowPositionals: false,
    }));
  } catch (error) {
    return invalid(error instanceof Error ? error.message : String(error));
  }
  if (values.help === true) return { kind: "help" };
  const portText = values.port ?? "9080";
  if (!/^\d{1,5}$/.test(portText) || Number(portText) > 65_535) return invalid(`--port takes a number from 0 to 65535, not "${portText}"`);
  const logLevel = logSettings.find((setting) => setting === (values.log ?? "info"));
  if (logLevel === undefined) return invalid(`--log takes one of ${logSettings.join(", ")}, not "${values.log}"`);
  if ((values.cert === undefined) !== (values.key === undefined)) return invalid("--cert and --key go together");
  const settings = parseSettings(values.set ?? []);
  if (typeof settings === "string") return invalid(settings);
  if (values.host === "" || values.state === "" || values.iam === "") return invalid("--host, --state and --iam may not be empty");
  return {
    kind: "run",
    options: {
      host: values.host ?? "127.0.0.1",
      port: Number(portText),
      state: values.state ?? ".reeve/state",
      logLevel,
      settings,
      ...(values.iam === undefined ? {} : { realmFolder: values.iam }),
      ...(values.cert !== undefined && values.key !== undefined ? { tls: { certificatePath: values.cert, keyPath: values.key } } : {}),
    },
  };
};

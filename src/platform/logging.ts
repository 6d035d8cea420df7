import type { LogLevel, LogPort } from "../session/ports.ts";
import { redactDetails } from "./redaction.ts";

/** What the setting `LOG_LEVEL` may say: a level and everything graver, or all, or nothing. */
export const logSettings = ["all", "trace", "debug", "detail", "info", "warn", "error", "fatal", "off"] as const;
export type LogSetting = (typeof logSettings)[number];

const gravity: Readonly<Record<LogLevel, number>> = { trace: 1, debug: 2, detail: 3, info: 4, warn: 5, error: 6, fatal: 7 };
const threshold: Readonly<Record<LogSetting, number>> = { all: 0, ...gravity, off: Number.POSITIVE_INFINITY };

/** The setting as written; absent or unknown text means `info`. */
export const parseLogSetting = (text: string | undefined): LogSetting => logSettings.find((setting) => setting === text) ?? "info";

/** Whether a message of this level is written under this setting. */
export const isLogged = (setting: LogSetting, level: LogLevel): boolean => gravity[level] >= threshold[setting];

/** One line of the log. `details` never holds contents of objects or secrets. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  /** The part of the service that speaks: `gateway`, `partition`, `http`. */
  readonly source: string;
  readonly [detail: string]: string | number | boolean;
}

/** Where lines go besides the console, and who may choose the level while the service runs. */
export interface LogKeeper {
  /** Keeps a line for those who ask for the log later. */
  keep(line: LogLine): void;
  /** The level that an operator chose; undefined: the setting's. */
  chosenLevel(): string | undefined;
}

let keeper: LogKeeper = { keep: () => {}, chosenLevel: () => undefined };

/** Gives all logs of this isolate a keeper; without one they write to the console only. */
export const setLogKeeper = (given: LogKeeper): void => {
  keeper = given;
};

/**
 * A log that writes JSON lines: to the console, where platforms index them by field, and to the log that `/api/v1/logs` shows. A level that
 * an operator chose while the service runs counts in place of the setting. Secrets are taken out of the details.
 */
export const createLog = (setting: LogSetting, source: string): LogPort => ({
  log: (level, message, details = {}) => {
    const chosen = keeper.chosenLevel();
    if (!isLogged(chosen === undefined ? setting : parseLogSetting(chosen), level)) return;
    const line: LogLine = { ...redactDetails(details), level, message, source };
    console.log(JSON.stringify(line));
    keeper.keep(line);
  },
});

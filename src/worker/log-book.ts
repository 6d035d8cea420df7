import { env, waitUntil } from "cloudflare:workers";
import type { NewLine } from "../durable-objects/log-ring.ts";
import { logsName, type Logs } from "../durable-objects/logs.ts";
import type { LogKeeper, LogLine } from "../platform/logging.ts";

/** How long lines gather before they are sent together (milliseconds). */
const gathering = 200;
/** Lines that may wait; beyond, they are counted only. */
const maxWaiting = 2000;
/** A sending that has not ended after this (milliseconds) went under with its request. */
const patience = 10_000;
/** How old this isolate's knowledge of the chosen level may get (milliseconds). */
const levelAge = 10_000;

let waiting: NewLine[] = [];
let dropped = 0;
let sendingSince = 0;
let chosen: string | undefined;
let askedAt = 0;

const store = (): DurableObjectStub<Logs> | undefined => env.LOGS?.get(env.LOGS.idFromName(logsName));

const learn = (level: string | undefined): void => {
  chosen = level;
  askedAt = Date.now();
};

/** Work that outlasts the event it began in. Outside of any event, as while a module is loaded, there is none: lines then wait for the next. */
const outlast = (work: () => Promise<void>): boolean => {
  try {
    waitUntil(work());
    return true;
  } catch {
    return false;
  }
};

const send = async (): Promise<void> => {
  try {
    await new Promise((resolve) => setTimeout(resolve, gathering));
    const lines = waiting;
    waiting = [];
    if (dropped > 0) lines.push({ at: Date.now(), level: "warn", message: "lines were dropped", source: "log", dropped });
    dropped = 0;
    learn(await store()?.append(lines));
  } catch (error) {
    console.log(JSON.stringify({ level: "error", message: "log lines could not be kept", source: "log", reason: String(error) }));
  } finally {
    sendingSince = 0;
  }
};

/** Has a line sent with those that come soon after it. */
const keep = (line: LogLine): void => {
  if (waiting.length >= maxWaiting) dropped += 1;
  else waiting.push({ ...line, at: Date.now() });
  const now = Date.now();
  if (sendingSince !== 0 && now - sendingSince < patience) return;
  sendingSince = now;
  if (!outlast(send)) sendingSince = 0;
};

/** The level that an operator chose while the service runs; undefined: the setting's. Known to every isolate within seconds of its use. */
const chosenLevel = (): string | undefined => {
  const now = Date.now();
  if (now - askedAt > levelAge) {
    askedAt = now;
    outlast(async () => {
      try {
        learn(await store()?.level());
      } catch {
        // The setting, or what was known before, holds until the next try.
      }
    });
  }
  return chosen;
};

/** Sends the lines of this isolate to the object that keeps the log. */
export const logBook: LogKeeper = { keep, chosenLevel };

/** Tells this isolate at once what was chosen through it. */
export const noteChosenLevel = learn;

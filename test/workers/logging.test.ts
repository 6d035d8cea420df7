import { afterEach, expect, test, vi } from "vitest";
import { createLog, isLogged, logSettings, parseLogSetting } from "../../src/platform/logging.ts";

afterEach(() => vi.restoreAllMocks());

test("each setting writes its own level and everything graver; all writes everything, off nothing", () => {
  const written = logSettings.map(
    (setting) => logSettings.slice(1, -1).filter((level) => level !== "all" && level !== "off" && isLogged(setting, level)).length,
  );
  expect(Object.fromEntries(logSettings.map((setting, index) => [setting, written[index]]))).toEqual({
    all: 7,
    trace: 7,
    debug: 6,
    detail: 5,
    info: 4,
    warn: 3,
    error: 2,
    fatal: 1,
    off: 0,
  });
});

test("a setting that is missing or unknown means info", () => {
  expect([undefined, "", "LOUD", "warn"].map(parseLogSetting)).toEqual(["info", "info", "info", "warn"]);
});

test("a line is one JSON object whose level, message and source no detail can replace", () => {
  const lines: unknown[] = [];
  vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(line));
  createLog("info", "gateway").log("info", "said", { source: "forged", user: "u" });
  createLog("info", "gateway").log("debug", "not said");
  expect(lines.map((line) => JSON.parse(String(line)) as unknown)).toEqual([
    { level: "info", message: "said", source: "gateway", user: "u" },
  ]);
});

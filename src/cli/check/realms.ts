import { checkRealmFiles } from "../../accounts/realm-files/check.ts";
import type { RealmFile } from "../../accounts/realm-files/diagnostic.ts";
import type { CheckRun } from "./deployment.ts";

/** Checks `iam/*.yaml` as the server would before applying them. */
export const checkRealms = async (check: CheckRun): Promise<void> => {
  const files: RealmFile[] = [];
  for (const path of await check.list("iam", /\.ya?ml$/)) {
    const file = await check.read(path);
    if (file !== undefined) files.push({ path: file.name, text: file.text });
  }
  const diagnostics = files.length === 0 ? [] : checkRealmFiles(files);
  check.addForeign(
    diagnostics.map(({ file, line, column, code, message }) => ({
      file,
      at: { line, column },
      code,
      severity: "error",
      message: `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/[.?]?$/, (end) => end || ".")}`,
    })),
  );
};

import type { CheckRun } from "./deployment.ts";

export const checkRealms = async (check: CheckRun): Promise<void> => {
  for (const path of await check.list("iam", /\.ya?ml$/)) await check.read(path);
};

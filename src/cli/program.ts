import { checkCommand } from "./commands/check.ts";
import type { CommandGroup } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** Every command of `reeve`. */
export const program = (terminal: Terminal): CommandGroup => ({
  name: "reeve",
  description: "Operate Reeve, the sync service",
  commands: [checkCommand(terminal)],
});

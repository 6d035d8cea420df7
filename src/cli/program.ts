import type { CommandGroup } from "./command.ts";
import { checkCommand } from "./commands/check.ts";
import { completionCommand } from "./commands/completion.ts";
import { logsCommand } from "./commands/logs.ts";
import { pushCommand } from "./commands/push.ts";
import { resourceGroups } from "./commands/resources/index.ts";
import { loginCommand, logoutCommand, statusCommand, tokenGroup } from "./commands/session.ts";
import { startCommand } from "./commands/start.ts";
import type { Terminal } from "./terminal.ts";

/** Every command of `reeve`. */
export const program = (terminal: Terminal): CommandGroup => {
  const root: CommandGroup = {
    name: "reeve",
    description: "Operate Reeve, the sync service",
    commands: [
      checkCommand(terminal),
      startCommand(terminal),
      pushCommand(terminal),
      loginCommand(terminal),
      logoutCommand(terminal),
      statusCommand(terminal),
      logsCommand(terminal),
      tokenGroup(terminal),
      ...resourceGroups(terminal),
      completionCommand(terminal, () => root),
    ],
  };
  return root;
};

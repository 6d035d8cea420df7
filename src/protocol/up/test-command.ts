import { textFrame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import type { Wire } from "../wire.ts";

/**
 * TEST_COMMAND (§5.9), from the client, only out of SDK test suites, any time after BIND. Answered by one with the same request ident.
 *
 * `test_command <session> <request ident> <size>⏎<JSON>`.
 */
export interface TestCommand {
  readonly type: "test_command";
  readonly session: number;
  readonly request: number;
  /** JSON as sent: commands are not interpreted. */
  readonly command: string;
}

export const decodeTestCommand = (reader: FrameReader, wire: Wire): TestCommand => ({
  type: "test_command",
  session: reader.session(),
  request: reader.integer(),
  command: reader.text(reader.lastInteger(), wire.limits.text),
});

export const encodeTestCommand = (command: TestCommand): Uint8Array<ArrayBuffer> =>
  textFrame(command.command, (size) => ["test_command", command.session, command.request, size]);

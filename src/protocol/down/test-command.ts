import { textFrame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import type { Wire } from "../wire.ts";

/**
 * TEST_COMMAND (§6.9), from the server: the answer to the client's, with its request ident.
 *
 * `test_command <session> <request ident> <size>⏎<text>`. Reeve answers `{}`.
 */
export interface TestCommandAnswer {
  readonly type: "test_command";
  readonly session: number;
  readonly request: number;
  readonly answer: string;
}

export const decodeTestCommandAnswer = (reader: FrameReader, wire: Wire): TestCommandAnswer => ({
  type: "test_command",
  session: reader.session(),
  request: reader.integer(),
  answer: reader.text(reader.lastInteger(), wire.limits.text),
});

export const encodeTestCommandAnswer = (command: TestCommandAnswer): Uint8Array<ArrayBuffer> =>
  textFrame(command.answer, (size) => ["test_command", command.session, command.request, size]);

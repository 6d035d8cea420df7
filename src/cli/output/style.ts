import { styleText } from "node:util";
import type { Terminal } from "../terminal.ts";

/** How a part of the output looks; without colour everything is as it is. */
export type Style = (text: string) => string;

export interface Styles {
  readonly heading: Style;
  readonly faint: Style;
  readonly good: Style;
  readonly warning: Style;
  readonly bad: Style;
  readonly name: Style;
}

const format =
  (...formats: Parameters<typeof styleText>[0] & readonly unknown[]): Style =>
  (text) =>
    styleText(formats, text, { validateStream: false });

const plain: Style = (text) => text;
const without: Styles = { heading: plain, faint: plain, good: plain, warning: plain, bad: plain, name: plain };
const coloured: Styles = {
  heading: format("bold"),
  faint: format("dim"),
  good: format("green"),
  warning: format("yellow"),
  bad: format("red"),
  name: format("cyan"),
};

export const stylesOf = ({ colour }: Pick<Terminal, "colour">): Styles => (colour ? coloured : without);

/** Text from elsewhere as it may be shown: without control characters, which could move the cursor or forge lines. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, (character) => (/\s/.test(character) ? " " : "\uFFFD"));

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

/**
 * Text from elsewhere as it may be shown: without control characters, which could move the cursor or forge lines, without marks that turn the
 * direction of writing, and without halves of characters.
 */
export const printable = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character) => (/\s/.test(character) ? " " : "\uFFFD"));

// Letters of East Asia and pictures take two cells of a terminal, marks on a letter none.
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const segmenter = new Intl.Segmenter();

/** The parts of a text that a reader sees as one, each with the cells it takes. */
export const cellsOf = (text: string): readonly { readonly part: string; readonly width: number }[] =>
  Array.from(segmenter.segment(text), ({ segment }) => ({ part: segment, width: wide.test(segment) ? 2 : 1 }));

/** How many cells of a terminal a text takes. */
export const widthOf = (text: string): number => cellsOf(text).reduce((sum, { width }) => sum + width, 0);

import type { Terminal } from "../terminal.ts";
import { cellsOf, printable, stylesOf, widthOf } from "./style.ts";

/** One column of a list: its title and the member it shows (dots lead into members). */
export interface Column {
  readonly title: string;
  readonly member: string;
}

/** The member of an object that a path of names leads to. */
export const memberAt = (row: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>((value, name) => (typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined), row);

/** A value of the interface in one cell. Times lose their fraction, empty values show as a dash. */
export const cellText = (value: unknown): string => {
  if (value === undefined || value === null || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string")
    return printable(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value) ? value.replace("T", " ").replace(/(\.\d+)?Z$/, "Z") : value);
  if (Array.isArray(value) && value.every((item) => typeof item === "string"))
    return value.length === 0 ? "–" : printable(value.join(", "));
  return printable(JSON.stringify(value));
};

/** As much of the text as fits into so many cells, the last of them an ellipsis where something is missing. */
const cut = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text;
  let left = width - 1;
  let kept = "";
  for (const { part, width: cells } of cellsOf(text)) {
    if (cells > left) break;
    kept += part;
    left -= cells;
  }
  return `${kept}…`;
};
const pad = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));

const gap = 2;
const narrowest = 8;

/** Widths that fit the screen: the widest column gives way first. Where nobody looks, nothing is cut. */
const fit = (widths: readonly number[], terminal: Pick<Terminal, "isInteractive" | "columns">): readonly number[] => {
  const fitted = [...widths];
  const total = (): number => fitted.reduce((sum, width) => sum + width + gap, -gap);
  while (terminal.isInteractive && total() > terminal.columns) {
    const widest = Math.max(...fitted);
    if (widest <= narrowest) break;
    fitted[fitted.indexOf(widest)] = widest - 1;
  }
  return fitted;
};

/** A list as lines of text, titles first. */
export const renderTable = (columns: readonly Column[], rows: readonly unknown[], terminal: Terminal): string => {
  const styles = stylesOf(terminal);
  const cells = rows.map((row) => columns.map(({ member }) => cellText(memberAt(row, member))));
  const natural = columns.map(({ title }, index) => Math.max(title.length, ...cells.map((row) => widthOf(row[index] ?? ""))));
  const widths = fit(natural, terminal);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => pad(cut(text, widths[index] ?? 0), widths[index] ?? 0))
      .join(" ".repeat(gap))
      .trimEnd();
  return [styles.heading(line(columns.map(({ title }) => title.toUpperCase()))), ...cells.map(line)].map((text) => `${text}\n`).join("");
};

/** One thing as lines of `member  value`; nested objects as JSON. */
export const renderRecord = (record: unknown, terminal: Terminal): string => {
  if (typeof record !== "object" || record === null) return `${cellText(record)}\n`;
  const styles = stylesOf(terminal);
  const entries = Object.entries(record);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${styles.heading(pad(name, width))}  ${cellText(value)}\n`).join("");
};

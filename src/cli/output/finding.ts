import type { Finding } from "../check/finding.ts";
import type { Terminal } from "../terminal.ts";
import { printable, stylesOf } from "./style.ts";

/** A finding in the form that editors and terminals turn into a link: `file:line:column`. */
export const renderFinding = ({ file, at, severity, code, message, suggestion }: Finding, terminal: Terminal): string => {
  const styles = stylesOf(terminal);
  const level = severity === "error" ? styles.bad("error") : styles.warning("warning");
  const hint = suggestion === undefined ? "" : `    ${styles.faint(printable(suggestion))}\n`;
  return `${styles.heading(`${file}:${at.line}:${at.column}`)}: ${level}: ${printable(message)} ${styles.faint(`[${code}]`)}\n${hint}`;
};

import { format } from "oxfmt";
import type { CatalogueSection } from "../../src/errors/catalogue.ts";
import type { ErrorEntry } from "../../src/errors/entry.ts";
import type { SyncErrorEntry, Use } from "../../src/errors/sync.ts";

/** The reference page `docs/errors.md` as Markdown, formatted like everything else in the repository. */
export const renderErrors = async (sections: readonly CatalogueSection[]): Promise<string> => {
  const page = [
    "# Errors",
    "Generated from `src/errors/catalogue.ts` by `node scripts/docs/errors.ts`. Change the catalogue, not this page.",
    ...sections.flatMap(renderSection),
  ].join("\n\n");
  const { code, errors } = await format("errors.md", `${page}\n`, { printWidth: 140 });
  if (errors.length > 0) throw new Error("the page could not be formatted");
  return code;
};

const renderSection = ({ title, introduction, errors }: CatalogueSection): readonly string[] => [
  `## ${title}`,
  introduction,
  ...Object.entries(errors).flatMap(([name, entry]) => renderError(name, entry)),
];

const renderError = (name: string, entry: ErrorEntry | SyncErrorEntry): readonly string[] => [
  `### ${name} (${entry.status})`,
  `> ${escape(entry.message)}`,
  escape(entry.explanation),
  ...("use" in entry ? [renderUse(entry)] : []),
];

const renderUse = ({ level, clientStatus, use }: SyncErrorEntry): string =>
  `${capital(level)} level. ${reaction(clientStatus)} ${usage(use)}`;

const reaction = (status: SyncErrorEntry["clientStatus"]): string =>
  status === "process aborts" ? "**The app's process aborts.**" : `The app sees ${status}.`;

const usage = (use: Use): string => {
  switch (use.kind) {
    case "sent":
      return `Sent with action ${use.actions.map((action) => `\`${action}\``).join(" or ")}.`;
    case "received":
      return "Only clients send it.";
    case "never":
      return `Never sent; instead: ${use.instead}.`;
  }
};

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** Keeps texts from being read as markup. */
const escape = (text: string): string => text.replace(/[*_<>#|]/g, String.raw`\$&`);

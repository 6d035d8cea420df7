/** The place of a name that stands twice in one object: the names that lead to it. */
export type DuplicateKey = { readonly path: readonly string[] };

const skipBlank = (json: string, start: number): number => {
  let position = start;
  while (" \t\r\n".includes(json[position] ?? ".")) position += 1;
  return position;
};

const readString = (json: string, start: number): number => {
  let position = start + 1;
  while (json[position] !== '"') position += json[position] === "\\" ? 2 : 1;
  return position + 1;
};

/**
 * Finds a name that stands twice in one object of a JSON text, of which a parser would silently keep the last.
 * @param json a text that `JSON.parse` accepts
 */
export const findDuplicateKey = (json: string): DuplicateKey | undefined => {
  // One entry an open object or list: the names seen, and the name under which the current value stands.
  const open: { readonly names: Set<string> | undefined; name: string }[] = [];
  let position = 0;
  while (position < json.length) {
    const character = json[position];
    if (character === "{") open.push({ names: new Set(), name: "" });
    else if (character === "[") open.push({ names: undefined, name: "[]" });
    else if (character === "}" || character === "]") open.pop();
    else if (character === '"') {
      const end = readString(json, position);
      const top = open.at(-1);
      if (top?.names !== undefined && json[skipBlank(json, end)] === ":") {
        const name: unknown = JSON.parse(json.slice(position, end));
        top.name = String(name);
        if (top.names.has(top.name)) return { path: open.map((entry) => entry.name) };
        top.names.add(top.name);
      }
      position = end;
      continue;
    }
    position += 1;
  }
  return undefined;
};

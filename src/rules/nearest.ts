/** How many letters have to be added, removed, replaced or swapped with their neighbour to make one word of the other. */
const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    const above = rows[i - 1] ?? [];
    for (let j = 1; j <= b.length; j += 1) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (rows[i - 2]?.[j - 2] ?? 0) + 1 : Infinity;
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced, swapped));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
};

/** The known word that was probably meant; undefined when none is near. For words of up to 64 characters; case and punctuation are not looked at. */
export const nearest = (word: string, known: Iterable<string>): string | undefined => {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const wanted = plain(word.slice(0, 64));
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const apart = distance(wanted, plain(candidate));
    if (best === undefined || apart < best.distance) best = { word: candidate, distance: apart };
  }
  return best !== undefined && best.distance <= Math.max(1, Math.floor(wanted.length / 3)) ? best.word : undefined;
};

/** `; did you mean x?`, to be put behind what is wrong; empty when no word is near. */
export const suggestion = (word: string, known: Iterable<string>): string => {
  const near = nearest(word, known);
  return near === undefined ? "" : `; did you mean ${near}?`;
};

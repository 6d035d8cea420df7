/** Bytes of a text in UTF-8, without encoding it. */
export const utf8Length = (text: string): number => {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // Half of a surrogate pair, which takes four bytes for its two units, counts as two.
    if (unit > 0x7f) length += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return length;
};

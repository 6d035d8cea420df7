const utf8 = new TextEncoder();

export const encodeText = (text: string): Uint8Array => utf8.encode(text);

const noBytes = new Uint8Array();

/** Puts ASCII into bytes; heads hold nothing else. */
export const writeAscii = (target: Uint8Array, offset: number, text: string): number => {
  for (let index = 0; index < text.length; index++) target[offset + index] = text.charCodeAt(index);
  return offset + text.length;
};

/** One frame: the fields joined by spaces, a line feed, the body. */
export const frame = (fields: readonly (string | number | bigint)[], body: Uint8Array = noBytes): Uint8Array<ArrayBuffer> => {
  const head = `${fields.join(" ")}\n`;
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(body, writeAscii(bytes, 0, head));
  return bytes;
};

/** A frame whose body is a text; `fields` is given the text's size in bytes. */
export const textFrame = (text: string, fields: (size: number) => readonly (string | number | bigint)[]): Uint8Array<ArrayBuffer> => {
  const body = encodeText(text);
  return frame(fields(body.length), body);
};

export const flag = (value: boolean): 0 | 1 => (value ? 1 : 0);

import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";

/** The lines of a text file, gzip or plain (told apart by the first bytes), one at a time. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const source = createReadStream(path);
  const input = (await isGzip(path)) ? source.pipe(createGunzip()) : source;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (line !== "") yield line;
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

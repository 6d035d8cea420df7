/**
 * What travels on the internal socket between a gateway and a partition: one sync message as it is, or several in one bundle, so that a
 * burst costs one event. A sync message begins with a letter, a bundle with a zero byte:
 * `0`, then for each message its length (32 bit, little-endian) and its bytes.
 */

const marker = 0;
const lengthBytes = 4;

/** A bundle stays below this however many messages wait; the platform refuses WebSocket messages above 32 MiB. */
export const maxBundleBytes = 1024 * 1024;

const pack = (frames: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes[0] = marker;
  let offset = 1;
  for (const frame of frames) {
    view.setUint32(offset, frame.length, true);
    bytes.set(frame, offset + lengthBytes);
    offset += lengthBytes + frame.length;
  }
  return bytes;
};

/** Calls `send` with as few WebSocket messages as hold all `frames`, in their order. A frame that travels alone is not copied. */
export const sendBundled = (frames: readonly Uint8Array[], send: (message: Uint8Array) => void): void => {
  let group: Uint8Array[] = [];
  let size = 1;
  const flush = (): void => {
    const [only] = group;
    if (only !== undefined) send(group.length === 1 ? only : pack(group, size));
    group = [];
    size = 1;
  };
  for (const frame of frames) {
    if (size + lengthBytes + frame.length > maxBundleBytes) flush();
    group.push(frame);
    size += lengthBytes + frame.length;
  }
  flush();
};

/**
 * The sync messages of one message of the internal socket: views into it.
 * @throws RangeError when a bundle does not add up; both ends are ours, so that is a fault and no bad input
 */
export const openBundle = (message: Uint8Array): readonly Uint8Array[] => {
  if (message[0] !== marker) return [message];
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const frames: Uint8Array[] = [];
  let offset = 1;
  while (offset < message.length) {
    const length = view.getUint32(offset, true);
    const start = offset + lengthBytes;
    if (start + length > message.length) throw new RangeError("a bundle is cut short");
    frames.push(message.subarray(start, start + length));
    offset = start + length;
  }
  return frames;
};

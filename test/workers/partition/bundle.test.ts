import * as fc from "fast-check";
import { expect, test } from "vitest";
import { maxBundleBytes, openBundle, sendBundled } from "../../../src/durable-objects/bundle.ts";

/** A sync message: it begins with a letter, and may be anything behind it. */
const frame = fc.uint8Array({ maxLength: 300 }).map((rest) => Uint8Array.of(0x62, ...rest));

const travel = (frames: readonly Uint8Array[]): { readonly messages: Uint8Array[]; readonly arrived: readonly Uint8Array[] } => {
  const messages: Uint8Array[] = [];
  sendBundled(frames, (message) => messages.push(message));
  return { messages, arrived: messages.flatMap((message) => openBundle(message)) };
};

test("whatever is bundled arrives as it was and in order, in one message", () => {
  fc.assert(
    fc.property(fc.array(frame), (frames) => {
      const { messages, arrived } = travel(frames);
      expect(arrived).toEqual(frames);
      expect(messages).toHaveLength(Math.min(frames.length, 1));
    }),
  );
});

test("a frame alone travels without a copy, and large ones are not bundled beyond the limit", () => {
  const large = new Uint8Array(maxBundleBytes).fill(0x62);
  const small = Uint8Array.of(0x62);
  const { messages, arrived } = travel([small, large, small, small]);
  expect(arrived).toEqual([small, large, small, small]);
  expect(messages).toHaveLength(3);
  expect(messages[1]).toBe(large);
});

test("a bundle that is cut short is a fault", () => {
  const { messages } = travel([Uint8Array.of(0x62, 1), Uint8Array.of(0x62, 2)]);
  const [bundle = new Uint8Array()] = messages;
  expect(() => openBundle(bundle.subarray(0, bundle.length - 1))).toThrow(RangeError);
});

import { keyToBase64 } from "../changeset/key-text.ts";
import type { ObjectKey } from "../changeset/model.ts";
import type { RejectedObject } from "./corrections.ts";

/** What is noted of a change that was left out: its version at the client and its time on the author's clock. */
interface RefusedChange {
  readonly clientVersion: number;
  readonly originTimestamp: number;
}

interface RefusedObject {
  readonly table: string;
  readonly key: ObjectKey;
}

/** The objects whose changes were left out of an integration, each once. */
export class RefusedObjects implements Iterable<RefusedObject> {
  readonly #objects = new Map<string, RefusedObject>();
  #newestChange = { clientVersion: 0, timestamp: 0 };

  add(table: string, key: ObjectKey, change: RefusedChange): void {
    this.#objects.set(`${table}\u0000${key.text}`, { table, key });
    this.#newestChange = {
      clientVersion: Math.max(this.#newestChange.clientVersion, change.clientVersion),
      timestamp: Math.max(this.#newestChange.timestamp, change.originTimestamp),
    };
  }

  get isEmpty(): boolean {
    return this.#objects.size === 0;
  }

  get clientVersion(): number {
    return this.#newestChange.clientVersion;
  }

  /** Of the newest refused change, on its author's clock. */
  get timestamp(): number {
    return this.#newestChange.timestamp;
  }

  [Symbol.iterator](): Iterator<RefusedObject> {
    return this.#objects.values();
  }

  /** As the author is told (sync-protocol §12.5). */
  rejected(): RejectedObject[] {
    return Array.from(this.#objects.values(), ({ table, key }) => ({
      table,
      keyText: key.text,
      keyBase64: key.kind === "global" ? "" : keyToBase64(key),
      reason: `write to ${printedKey(key)} in table "${table}" not allowed`,
    }));
  }
}

/** Keys as app developers know them from the SDKs' messages. */
function printedKey(key: ObjectKey): string {
  switch (key.kind) {
    case "null":
      return "null";
    case "int":
      return String(key.value);
    case "string":
      return JSON.stringify(key.value);
    case "objectId":
      return `ObjectID("${key.value}")`;
    case "uuid":
      return `UUID(${key.value})`;
    case "global":
      return `object ${key.hi}-${key.lo}`;
  }
}

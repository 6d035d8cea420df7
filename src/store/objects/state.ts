import type { Instruction, ObjectKey } from "../../changeset/model.ts";
import { applyInstruction } from "./apply.ts";
import { BadChangesetError, Refusal } from "./bad-changeset.ts";
import { describeClass, type ClassDescription } from "./classes.ts";
import { readObject, readPage, type LinkForm, type ReadObject } from "./reader.ts";
import { decodeRowKey, encodeRowKey } from "./row-key.ts";
import { changesetsOf, instructionsOfObject } from "./snapshot.ts";
import type { ObjectStorage } from "./storage.ts";
import type { Checkpoint } from "./undo-log.ts";
import { Workspace, type FlushResult } from "./workspace.ts";

export interface ObjectStateOptions {
  /** About how many bytes of memory objects may take before unused ones are dropped and `shouldFlush` asks for a flush. */
  readonly cacheBytes: number;
}

export interface PageRequest {
  /** The page begins behind this key; without it at the start. */
  readonly after?: ObjectKey;
  /** At most this many objects, ≥ 1. */
  readonly limit: number;
  /** About the most bytes of stored values a page may have; a single larger object still comes. Default 8 MB. */
  readonly maxBytes?: number;
  /** Default `visible`. */
  readonly links?: LinkForm;
}

export interface Page {
  readonly objects: readonly ReadObject[];
  /** Key to pass as `after` for what follows; undefined at the end. A page may have fewer objects than asked for, or none, and still a next one. */
  readonly next: ObjectKey | undefined;
}

const defaultPageBytes = 8_000_000;

/**
 * The classes and objects that a history leads to: the outcome of all its changesets, applied in order.
 *
 * A write-back view. `apply` works in memory, reading one row for each object it does not have there; `flush` writes what changed, with the
 * server version reached, in one go. After a restart the caller applies the history again from `cursor` on. Dropping unused objects, and
 * asking for a flush, keep the memory within a budget. A single reader and writer: nobody else may write its rows.
 */
export class ObjectState {
  readonly #workspace: Workspace;
  readonly #budget: number;

  /** Reads the classes; objects are read when they are touched. */
  constructor(storage: ObjectStorage, options: ObjectStateOptions) {
    this.#workspace = new Workspace(storage, options.cacheBytes);
    this.#budget = options.cacheBytes;
  }

  /** Server version up to which the rows reflect the history; 0 for a new state. What was applied since is in memory only. */
  get cursor(): number {
    return this.#workspace.cursor;
  }

  /** Estimated memory of objects that differ from their rows. */
  get dirtyBytes(): number {
    return this.#workspace.dirtyCost;
  }

  /** Whether unwritten objects take so much of the budget that the caller should flush before it goes on. */
  get shouldFlush(): boolean {
    return this.#workspace.dirtyCost > this.#budget / 2;
  }

  /**
   * Carries out a changeset (merge-rules §7), wholly or not at all.
   *
   * @throws BadChangesetError for the first instruction that breaks a rule; nothing has changed then.
   */
  apply(instructions: readonly Instruction[]): void {
    const checkpoint = this.checkpoint();
    let index = 0;
    try {
      for (const instruction of instructions) {
        applyInstruction(this.#workspace, instruction);
        index++;
      }
    } catch (error) {
      this.rollback(checkpoint);
      const refused = instructions[index];
      if (error instanceof Refusal && refused !== undefined) throw new BadChangesetError(error, index, refused);
      throw error;
    }
    this.release(checkpoint);
  }

  /** Opens a stretch of several changesets that stand or fall together. Stretches nest. */
  checkpoint(): Checkpoint {
    return this.#workspace.undo.checkpoint();
  }

  /** Takes back everything since the checkpoint and closes it. */
  rollback(checkpoint: Checkpoint): void {
    this.#workspace.undo.rollback(checkpoint);
    this.#workspace.generation++;
    this.#workspace.shrink();
  }

  /** Keeps what was done since the checkpoint and closes it. */
  release(checkpoint: Checkpoint): void {
    this.#workspace.undo.release(checkpoint);
    this.#workspace.shrink();
  }

  /**
   * Writes all changed objects and classes, and `cursor`, the server version they reflect, in one transaction of the storage. No
   * checkpoint may be open, and the history must already hold that version.
   */
  flush(cursor: number): FlushResult {
    return this.#workspace.flush(cursor);
  }

  /** All classes in order of their creation. */
  classes(): readonly ClassDescription[] {
    return [...this.#workspace.classes.values()].map(describeClass);
  }

  classNamed(table: string): ClassDescription | undefined {
    const owner = this.#workspace.classes.get(table);
    return owner === undefined ? undefined : describeClass(owner);
  }

  /** Number of a class's objects; 0 for embedded and unknown classes. */
  count(table: string): number {
    return this.#workspace.classes.get(table)?.count ?? 0;
  }

  has(table: string, key: ObjectKey): boolean {
    const owner = this.#workspace.classes.get(table);
    return owner !== undefined && this.#workspace.exists(owner, key);
  }

  /** One object, or undefined when there is none. */
  read(table: string, key: ObjectKey, links: LinkForm = "visible"): ReadObject | undefined {
    const owner = this.#workspace.classes.get(table);
    if (owner === undefined) return undefined;
    const { fields } = this.#workspace.record(owner, key);
    const object = fields === undefined ? undefined : readObject(this.#workspace, owner, { key, fields }, links);
    this.#workspace.shrink();
    return object;
  }

  /** Objects of a class in the fixed order of their keys (null, integers by value, strings by UTF-8, ids bytewise). Reading fills no memory. */
  page(table: string, request: PageRequest): Page {
    const owner = this.#workspace.classes.get(table);
    if (owner === undefined) return { objects: [], next: undefined };
    const after = request.after === undefined ? undefined : encodeRowKey(request.after);
    const page = readPage(this.#workspace, owner, after, request.limit, request.maxBytes ?? defaultPageBytes);
    const links = request.links ?? "visible";
    return {
      objects: page.objects.map((object) => readObject(this.#workspace, owner, object, links)),
      next: page.next === undefined ? undefined : decodeRowKey(page.next),
    };
  }

  /** Every object of a class, page by page. The state must not change while this runs. */
  *objects(table: string, links: LinkForm = "visible"): Generator<ReadObject> {
    const pageSize = 256;
    let after: ObjectKey | undefined;
    do {
      const page = this.page(table, { limit: pageSize, links, ...(after === undefined ? {} : { after }) });
      yield* page.objects;
      after = page.next;
    } while (after !== undefined);
  }

  /**
   * The state as changesets that build it from nothing: for new clients, backups and exports (server-semantics §11). Schema first, then
   * objects; each at most `maxBytes` when encoded, unless a single value is larger. Equal states of equal history give equal changesets.
   * The state must not change while this runs: the next step throws then.
   */
  changesets(options: { readonly maxBytes: number }): Generator<readonly Instruction[]> {
    return changesetsOf(this.#workspace, options.maxBytes);
  }

  /**
   * What creates one object with all it holds, its embedded objects included, where its class exists and it does not; undefined when
   * there is no such object.
   */
  instructionsFor(table: string, key: ObjectKey): readonly Instruction[] | undefined {
    const owner = this.#workspace.classes.get(table);
    const fields = owner === undefined ? undefined : this.#workspace.record(owner, key).fields;
    if (owner === undefined || fields === undefined) return undefined;
    const instructions = instructionsOfObject(this.#workspace, owner, { key, fields });
    this.#workspace.shrink();
    return instructions;
  }
}

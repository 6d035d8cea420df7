import type { PathElement } from "../model.ts";

/**
 * What a builder knows of the extent of one object's collections. List instructions must say the size of the list before them; for what
 * came into being in the same builder it is known, for everything else it has to be told once and is then kept up to date.
 */
export class Extent {
  /** Number of elements; undefined when not known. */
  size: number | undefined;
  /** Whether it was made here and holds no value yet. */
  blank: boolean;
  private fresh: boolean;
  private children = new Map<PathElement, Extent>();

  /** `fresh`: made here, so that all below that was not written yet is empty. */
  constructor(fresh: boolean) {
    this.fresh = fresh;
    this.blank = fresh;
    this.size = fresh ? 0 : undefined;
  }

  child(element: PathElement): Extent {
    const known = this.children.get(element);
    if (known !== undefined) return known;
    const child = new Extent(this.fresh);
    this.children.set(element, child);
    return child;
  }

  /** It now holds a new, empty collection or object, or a scalar. */
  renew(): void {
    this.fresh = true;
    this.blank = false;
    this.size = 0;
    this.children = new Map();
  }

  /** A place that takes an element came into being at `index`. */
  inserted(index: number): Extent {
    this.shift((at) => (at >= index ? at + 1 : at));
    if (this.size !== undefined) this.size++;
    const child = new Extent(true);
    this.children.set(index, child);
    return child;
  }

  removed(index: number): void {
    this.children.delete(index);
    this.shift((at) => (at > index ? at - 1 : at));
    if (this.size !== undefined) this.size--;
  }

  moved(from: number, to: number): void {
    const child = this.child(from);
    this.removed(from);
    this.inserted(to);
    this.children.set(to, child);
  }

  private shift(to: (index: number) => number): void {
    this.children = new Map([...this.children].map(([element, child]) => [typeof element === "number" ? to(element) : element, child]));
  }
}

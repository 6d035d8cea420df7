/** Elements a block may hold before it is halved. */
const blockSize = 512;

/**
 * Where the elements of a sequence of insertions end up relative to each other and to the list they started from. The list itself, which
 * may be long, is not looked at: an element is placed by the number of original elements before it, its gap, and by its neighbours.
 */
export class InsertSequence {
  /** For each insertion, how many elements of the original list stand before it. */
  readonly gap: Int32Array;
  // The inserted elements in list order, in blocks, so that inserting moves few of them.
  private readonly blocks: { elements: Int32Array; length: number }[] = [{ elements: new Int32Array(blockSize), length: 0 }];

  /** `indices`: of the insertions in the order they happened; each counts the list as its predecessors left it. */
  constructor(indices: Int32Array) {
    this.gap = new Int32Array(indices.length);
    for (let element = 0; element < indices.length; element++) this.insert(element, indices[element]!);
  }

  /** The numbers of the insertions, in the order of their elements in the list. */
  ordered(): Int32Array {
    const result = new Int32Array(this.gap.length);
    let written = 0;
    for (const { elements, length } of this.blocks) {
      result.set(elements.subarray(0, length), written);
      written += length;
    }
    return result;
  }

  private insert(element: number, index: number): void {
    // An inserted element's index is its gap plus the number of inserted ones before it, and grows along the sequence.
    let block = this.blocks.length - 1;
    let before = element - this.blocks[block]!.length;
    while (block > 0 && this.gap[this.blocks[block]!.elements[0]!]! + before >= index) {
      block--;
      before -= this.blocks[block]!.length;
    }
    const { elements, length } = this.blocks[block]!;
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.gap[elements[middle]!]! + before + middle < index) low = middle + 1;
      else high = middle;
    }
    this.gap[element] = index - before - low;
    elements.copyWithin(low + 1, low, length);
    elements[low] = element;
    this.blocks[block]!.length = length + 1;
    if (length + 1 === blockSize) this.halve(block);
  }

  private halve(block: number): void {
    const full = this.blocks[block]!;
    const half = blockSize / 2;
    const second = new Int32Array(blockSize);
    second.set(full.elements.subarray(half));
    full.length = half;
    this.blocks.splice(block + 1, 0, { elements: second, length: half });
  }
}

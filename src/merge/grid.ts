import type { Item } from "./item.ts";
import { meet, type RuleObserver } from "./meet.ts";
import type { Insertion, Meeting } from "./rules/rule.ts";

/** What is the same for all meetings of a merge. */
export interface GridContext {
  readonly meeting: Meeting;
  readonly observe: RuleObserver | undefined;
  readonly tuning: Tuning;
}

/** From what size on shortcuts pay. None of it changes a result. */
export interface Tuning {
  /** Up to this many meetings the plain grid is as fast as anything. */
  readonly gridUpTo: number;
  /** Meetings that a block of two runs must save on average before a field is cut into runs. */
  readonly meetingsPerBlock: number;
  /** From this many meetings on, building trees pays for two runs of insertions. */
  readonly treesFrom: number;
}

export const defaultTuning: Tuning = { gridUpTo: 64, meetingsPerBlock: 64, treesFrom: 2048 };

/**
 * Every live local instruction meets every live incoming one, row by row (merge-rules §2.2). This is the definition of the merge;
 * everything else in this room only avoids meetings that would do nothing, or does many at once.
 *
 * @returns what rule T4 added, on either side.
 * @throws MergeError
 */
export function runGrid(locals: readonly Item[], incoming: readonly Item[], context: GridContext): Insertion[] {
  const added: Insertion[] = [];
  let row = incoming;
  for (const local of locals) {
    if (local.discarded) continue;
    row = runRow(local, row, context, added);
  }
  return added;
}

/** Returns the row for the next local instruction: with what T4 inserted, and now and then without the discarded. */
function runRow(local: Item, row: readonly Item[], context: GridContext, added: Insertion[]): readonly Item[] {
  const { meeting } = context;
  let dead = 0;
  for (let at = 0; at < row.length && !local.discarded; at++) {
    const other = row[at]!;
    if (other.discarded) {
      dead++;
      continue;
    }
    meet(local, other, meeting, context.observe);
    const { inserted } = meeting;
    if (inserted === undefined) continue;
    meeting.inserted = undefined;
    added.push(inserted);
    if (inserted.before === other) {
      row = row.toSpliced(at, 0, inserted.item);
      at++;
    } else meetRest(inserted.item, row, at + 1, context);
  }
  return dead * 2 > row.length ? row.filter((other) => !other.discarded) : row;
}

/** An instruction put before the local one has missed nothing up to here: the meeting that made it was its reason. */
function meetRest(local: Item, row: readonly Item[], from: number, context: GridContext): void {
  for (let at = from; at < row.length && !local.discarded; at++) {
    const other = row[at]!;
    if (!other.discarded) meet(local, other, context.meeting, context.observe);
  }
}

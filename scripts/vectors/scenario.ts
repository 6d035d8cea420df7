import { z } from "zod";
import type { Instruction } from "../../src/changeset/model.ts";
import { type ObjectState, stateToJson } from "../../src/store/objects/index.ts";
import { decodeHex } from "./compare.ts";
import { DivergenceFinder } from "./divergence.ts";
import { checkMerge, mergeLine, mergeMessage, type Quirks } from "./merge.ts";
import { failed, type Outcome, passed, passedAs } from "./outcome.ts";
import { newState, refusalOf, stateDifferences } from "./states.ts";

const scenario = z.number();
const commitLine = z.object({ kind: z.literal("commit"), scenario, client: z.number(), hex: z.string() });
const transferLine = mergeLine.extend({ kind: z.enum(["upload", "download"]), scenario, client: z.number() });
const finalLine = z.object({ kind: z.literal("final"), scenario, converged: z.boolean(), state: z.unknown() });
const errorLine = z.object({ kind: z.literal("scenario_error"), scenario, what: z.string() });

/** One step in the life of a server and its clients. */
export const scenarioLine = z.discriminatedUnion("kind", [commitLine, transferLine, finalLine, errorLine]);
export type ScenarioLine = z.infer<typeof scenarioLine>;

/** Follows scenarios step by step: what each commit and each merge lead to, on the server and on every client. */
export class ScenarioReplay {
  private readonly quirks: Quirks;
  private current = Number.NaN;
  private server: ObjectState = newState();
  private clients = new Map<number, ObjectState>();
  private divergences = new DivergenceFinder();
  /** The first thing that a state refused; nothing after it in this scenario can be compared. */
  private refusal: string | undefined;

  constructor(quirks: Quirks) {
    this.quirks = quirks;
  }

  line(line: ScenarioLine): Outcome {
    if (line.scenario !== this.current) this.begin(line.scenario);
    switch (line.kind) {
      case "commit": {
        const instructions = decodeHex(line.hex);
        this.divergences.note(line.client, instructions);
        this.apply(`client ${line.client}`, this.client(line.client), instructions);
        return passed;
      }
      case "upload":
      case "download":
        return this.transfer(line);
      case "final":
        return this.final(line);
      case "scenario_error":
        return passedAs(
          this.refusal === undefined
            ? "scenario refused by the reference, applied here"
            : `scenario refused by the reference and here: ${this.refusal.split(":")[1]?.trim()}`,
        );
    }
  }

  private begin(number: number): void {
    this.current = number;
    this.server = newState();
    this.clients = new Map();
    this.divergences = new DivergenceFinder();
    this.refusal = undefined;
  }

  private transfer(line: z.infer<typeof transferLine>): Outcome {
    const outcome = checkMerge(line, this.quirks);
    const result = mergeMessage(line, this.quirks);
    if ("error" in result) return outcome;
    const receiver = line.kind === "upload" ? this.server : this.client(line.client);
    const title = line.kind === "upload" ? "server" : `client ${line.client}`;
    for (const { instructions } of result.theirs) this.apply(title, receiver, instructions);
    return outcome;
  }

  private final(line: z.infer<typeof finalLine>): Outcome {
    if (this.refusal !== undefined) {
      return line.converged ? failed(this.refusal) : passedAs("scenario without convergence: refused here by name");
    }
    const server = stateDifferences("server", line.state, this.server, "full");
    const expected = stateToJson(this.server, "full");
    const clients = [...this.clients].flatMap(([ident, state]) => stateDifferences(`client ${ident}`, expected, state, "full"));
    if (line.converged) return server.length + clients.length === 0 ? passed : failed(...server, ...clients);
    if (clients.length === 0) return passedAs("scenario without convergence: converged here");
    const causes = [...this.clients.values()].map((state) => this.divergences.explain(expected, stateToJson(state, "full")));
    if (server.length === 0 && causes.every((known) => known !== undefined)) {
      return passedAs(`not convergent by design: ${[...new Set(causes.flat())].join(", ")}`);
    }
    const asRecorded = server.length === 0 ? "with the recorded server state" : "with another server state";
    return passedAs(`scenario without convergence: none here either, ${asRecorded}`);
  }

  private client(ident: number): ObjectState {
    const known = this.clients.get(ident);
    if (known !== undefined) return known;
    const created = newState();
    this.clients.set(ident, created);
    return created;
  }

  private apply(title: string, state: ObjectState, instructions: readonly Instruction[]): void {
    if (this.refusal !== undefined) return;
    const refusal = refusalOf(state, instructions);
    if (refusal !== undefined) this.refusal = `${title}: ${refusal}`;
  }
}

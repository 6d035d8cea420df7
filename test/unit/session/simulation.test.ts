import { describe, expect, test } from "vitest";
import { World, type WorldOptions } from "../../support/simulation/world.ts";

function run(options: WorldOptions, steps: number): World {
  const world = new World(options);
  try {
    for (let index = 0; index < steps; index++) world.step();
    world.quiesce();
    world.checkConvergence();
    return world;
  } catch (error) {
    throw new Error(`seed ${options.seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    world.close();
  }
}

describe("devices and a server under every kind of loss", () => {
  test.each(Array.from({ length: 40 }, (_, index) => index + 1))("[§17] seed %i: all states are equal in the end", (seed) => {
    const world = run({ seed, devices: 2 + (seed % 3) }, 400);
    expect(world.counts.edit).toBeGreaterThan(10);
  });
});

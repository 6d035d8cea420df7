import { assignments, creations, schemaChangeset } from "./changesets.ts";
import { broadcastBare, pump, pumpBare, rateOf, supplyOf, type Rate } from "./load.ts";
import type { Servers } from "./servers.ts";
import { quantile, round } from "./statistics.ts";
import { Wire } from "./wire.ts";

/** What one case found; absent figures do not apply to it. */
export interface Finding {
  readonly acknowledged?: Rate;
  readonly deliveries?: Rate;
  /** The bare worker's figure of the same run that comes closest, and what it is. */
  readonly bare?: { readonly what: string; readonly rate: Rate };
  readonly notes: Readonly<Record<string, number>>;
}

export interface Case {
  readonly letter: string;
  readonly name: string;
  /** The question that its figures answer. */
  readonly question: string;
  /** What the native reference server reached on two shared cores, per second. */
  readonly reference?: number;
  readonly run: (servers: Servers, milliseconds: number) => Promise<Finding>;
}

const objects = 1000;

/** A writer in a new partition that holds the class and its objects already. */
const writerIn = async (servers: Servers, partition: string): Promise<Wire> => {
  const first = await Wire.open({ url: servers.syncUrl, partition });
  const uploaded = first.upload([schemaChangeset(), creations(1, objects)]);
  await new Promise<void>((done, failed) => {
    first.onFailure(failed);
    first.onDelivery = ({ uploadedVersion }) => (uploadedVersion >= uploaded ? done() : undefined);
  });
  first.close();
  return Wire.open({ url: servers.syncUrl, partition });
};

const changesets = assignments(2000, objects, 1);

const writing =
  (perUpload: number, inFlight: number) =>
  async (servers: Servers, milliseconds: number): Promise<Finding> => {
    const wire = await writerIn(servers, `writing ${perUpload} ${inFlight}`);
    const supply = supplyOf(changesets);
    await pump(wire, supply, { inFlight, perUpload, milliseconds: Math.min(1000, milliseconds / 3) });
    const before = servers.processor();
    const acknowledged = await pump(wire, supply, { inFlight, perUpload, milliseconds });
    const microseconds = ((servers.processor() - before) * 1000) / acknowledged.count;
    wire.close();
    const bare = await pumpBare(`${servers.bareUrl}/insert`, inFlight, milliseconds / 2);
    return {
      acknowledged,
      bare: { what: `insert and answer, ${inFlight} in flight`, rate: bare },
      notes: { processorMicrosecondsPerChange: round(microseconds, 1) },
    };
  };

const reading =
  (readers: number) =>
  async (servers: Servers, milliseconds: number): Promise<Finding> => {
    const partition = `reading ${readers}`;
    const writer = await writerIn(servers, partition);
    const wires: Wire[] = [];
    for (let index = 0; index < readers; index++) wires.push(await Wire.open({ url: servers.syncUrl, partition, acknowledges: true }));
    const supply = supplyOf(changesets);
    const sentAt: { readonly upTo: number; readonly at: number }[] = [];
    const latencies: number[] = [];
    // Latency is measured at one reader: from the moment a changeset was handed to the writer's socket.
    const observed = wires[0]!;
    observed.onDelivery = ({ serverVersion }) => {
      const now = performance.now();
      while (sentAt[0] !== undefined && sentAt[0].upTo <= serverVersion) latencies.push(now - sentAt.shift()!.at);
    };
    let handed = observed.serverVersion;
    const timed = (count: number): Uint8Array[] => {
      handed += count;
      sentAt.push({ upTo: handed, at: performance.now() });
      return supply(count);
    };
    await pump(writer, timed, { inFlight: 10, perUpload: 20, milliseconds: Math.min(1000, milliseconds / 3) });
    const target = (version: number): Promise<void> =>
      new Promise((done) => {
        const timer = setInterval(() => {
          if (wires.some((wire) => wire.serverVersion < version)) return;
          clearInterval(timer);
          done();
        }, 1);
      });
    await target(handed);
    latencies.length = 0;
    const before = handed;
    const processor = servers.processor();
    const start = performance.now();
    const acknowledged = await pump(writer, timed, { inFlight: 10, perUpload: 20, milliseconds });
    await target(handed);
    const deliveries = rateOf((handed - before) * readers, performance.now() - start, latencies);
    const microseconds = ((servers.processor() - processor) * 1000) / deliveries.count;
    for (const wire of [...wires, writer]) wire.close();
    const bare = await broadcastBare(servers.bareUrl, readers, milliseconds / 2);
    return {
      acknowledged,
      deliveries,
      bare: { what: `one message to ${readers} sockets`, rate: bare },
      notes: { processorMicrosecondsPerDelivery: round(microseconds, 2) },
    };
  };

const newcomer = async (servers: Servers): Promise<Finding> => {
  const partition = "newcomer";
  const count = 100_000;
  const perChangeset = 1000;
  const author = await Wire.open({ url: servers.syncUrl, partition });
  let last = author.upload([schemaChangeset()]);
  for (let from = 1; from <= count; from += perChangeset) last = author.upload([creations(from, perChangeset, 100)]);
  await new Promise<void>((done, failed) => {
    author.onFailure(failed);
    author.onDelivery = ({ uploadedVersion }) => (uploadedVersion >= last ? done() : undefined);
  });
  author.close();
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    const wire = await Wire.open({ url: servers.syncUrl, partition });
    times.push(performance.now() - start);
    bytes = wire.bytesIn;
    wire.close();
  }
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, Math.min(bytes, 16 * 1024 * 1024));
  const bare = await pumpBare(`${servers.bareUrl}/bulk`, 1, 500, size);
  const milliseconds = quantile(times, 0.5);
  return {
    bare: { what: "as many bytes in one message", rate: bare },
    notes: {
      firstMs: round(times[0]!, 0),
      medianMs: round(milliseconds, 0),
      objectsPerSecond: Math.round((count * 1000) / milliseconds),
      mebibytes: round(bytes / 1024 / 1024),
    },
  };
};

const idle = async (servers: Servers, milliseconds: number): Promise<Finding> => {
  const connections = 1000;
  const perPartition = 10;
  const atOnce = 20;
  const writer = await writerIn(servers, "beside the idle");
  const supply = supplyOf(changesets);
  const alone = await pump(writer, supply, { inFlight: 1, perUpload: 1, milliseconds: milliseconds / 2 });
  const wires: Wire[] = [];
  const open = async (from: number, to: number): Promise<void> => {
    for (let index = from; index < to; index++) {
      wires.push(await Wire.open({ url: servers.syncUrl, partition: `idle ${Math.floor(index / perPartition)}` }));
    }
  };
  // The first ones let the runtime grow to what it needs anyway; they open one after the other, the others many at a time.
  const first = connections / 5;
  const startOne = performance.now();
  await open(0, first);
  const oneByOne = performance.now() - startOne;
  const before = servers.memory();
  const processor = servers.processor();
  const start = performance.now();
  const share = connections / atOnce;
  await Promise.all(Array.from({ length: atOnce }, (_, lane) => open(first + lane * share, first + (lane + 1) * share)));
  const opening = performance.now() - start;
  const processorPerOpen = (servers.processor() - processor) / connections;
  const after = servers.memory();
  const acknowledged = await pump(writer, supply, { inFlight: 1, perUpload: 1, milliseconds });
  for (const wire of [...wires, writer]) wire.close();
  const bare = await pumpBare(`${servers.bareUrl}/insert`, 1, milliseconds / 2);
  return {
    acknowledged,
    bare: { what: "insert and answer, 1 in flight", rate: bare },
    notes: {
      p50Alone: alone.p50,
      p99Alone: alone.p99,
      residentKibibytesPerConnection: round(((after - before) * 1024) / connections, 1),
      processorMsPerOpen: round(processorPerOpen, 1),
      opensPerSecondOneByOne: Math.round((first * 1000) / oneByOne),
      opensPerSecondTwentyAtOnce: Math.round((connections * 1000) / opening),
    },
  };
};

const returning = async (servers: Servers): Promise<Finding> => {
  const partition = "returning";
  const others = 50_000;
  const own = 5000;
  const author = await writerIn(servers, partition);
  // The device that goes offline: it knows the partition as it is now, and nothing of what follows.
  const leaving = await Wire.open({ url: servers.syncUrl, partition });
  const { file } = leaving;
  leaving.close();
  const supply = supplyOf(changesets);
  let last = 0;
  for (let sent = 0; sent < others; sent += 500) last = author.upload(supply(500));
  await new Promise<void>((done, failed) => {
    author.onFailure(failed);
    author.onDelivery = ({ uploadedVersion }) => (uploadedVersion >= last ? done() : undefined);
  });
  author.close();
  const bystander = await Wire.open({ url: servers.syncUrl, partition, acknowledges: true });
  const alone = await pump(bystander, supply, { inFlight: 1, perUpload: 1, milliseconds: 500 });
  const before = servers.memory();
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, servers.memory())), 20);
  // Half of its changes meet others' on the same property, half are on objects of its own.
  const changes = [creations(objects + 1, objects), ...assignments(own - 1, 2 * objects, 1)];
  const start = performance.now();
  let returned = false;
  const bystanders = pump(bystander, supply, { inFlight: 1, perUpload: 1, milliseconds: 60_000, until: () => returned });
  const back = await Wire.open({
    url: servers.syncUrl,
    partition,
    file,
    acknowledges: true,
    // As devices do, it uploads at once and downloads what it missed meanwhile.
    whenIdentified: (wire) => {
      for (let sent = 0; sent < own; sent += 500) last = wire.upload(changes.slice(sent, sent + 500));
    },
  });
  const downloaded = performance.now() - start;
  await new Promise<void>((done, failed) => {
    back.onFailure(failed);
    const look = (): void => (back.uploadedVersion >= last ? done() : undefined);
    back.onDelivery = look;
    look();
  });
  const took = performance.now() - start;
  returned = true;
  const waited = await bystanders;
  clearInterval(watch);
  back.close();
  bystander.close();
  const bare = await pumpBare(`${servers.bareUrl}/insert`, 1, 500);
  return {
    acknowledged: waited,
    bare: { what: "insert and answer, 1 in flight", rate: bare },
    notes: {
      downloadedMs: round(downloaded, 0),
      integratedMs: round(took, 0),
      changesetsPerSecond: Math.round((own * 1000) / took),
      bystanderLongestMs: waited.longest,
      bystanderAloneP99: alone.p99,
      residentPeakMiB: round(peak, 0),
      residentBeforeMiB: round(before, 0),
    },
  };
};

export const cases: readonly Case[] = [
  {
    letter: "a",
    name: "one writer, one in flight",
    question: "How long does a single change wait for its acknowledgement?",
    reference: 685,
    run: writing(1, 1),
  },
  {
    letter: "b",
    name: "one writer, fifty in flight",
    question: "How many changes a second does one busy writer get acknowledged?",
    reference: 11_200,
    run: writing(1, 50),
  },
  {
    letter: "c",
    name: "twenty changesets an UPLOAD",
    question: "How many when each of the fifty UPLOADs carries twenty, as from a device that was offline?",
    reference: 70_500,
    run: writing(20, 50),
  },
  {
    letter: "d",
    name: "ten readers",
    question: "How many changes a second reach ten readers while one writes?",
    reference: 74_700,
    run: reading(10),
  },
  { letter: "e", name: "a hundred readers", question: "How many reach a hundred?", reference: 196_700, run: reading(100) },
  { letter: "f", name: "a new client, 100,000 objects", question: "How long does a new device wait for a large partition?", run: newcomer },
  { letter: "g", name: "1,000 idle connections", question: "What do idle connections cost, in memory and in others' latency?", run: idle },
  {
    letter: "h",
    name: "back from long offline",
    question: "What does a device with 5,000 changes against 50,000 of others cost, and what do others wait?",
    run: returning,
  },
];

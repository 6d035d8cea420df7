/** JSON given as instructions, a key or a value is not what it should be. */
export class ReadableChangesetError extends Error {
  override readonly name = "ReadableChangesetError";
  readonly code = "InvalidReadableChangeset";
  /** Where, as `$[3].value.ns`; `$` is the whole input. */
  readonly place: string;
  /** What is wrong there, in a few words. */
  readonly what: string;

  constructor(place: string, what: string) {
    super(`${place}: ${what}`);
    this.place = place;
    this.what = what;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const maxUint32 = 0xffff_ffff;
const integerText = /^-?\d{1,20}$/;

/** A value inside parsed JSON together with its place, from which members are read as what they must be. */
export class JsonCursor {
  readonly value: unknown;
  readonly place: string;

  constructor(value: unknown, place = "$") {
    this.value = value;
    this.place = place;
  }

  fail(what: string): never {
    throw new ReadableChangesetError(this.place, what);
  }

  /** Whether an object has this member. */
  has(name: string): boolean {
    return isObject(this.value) && Object.hasOwn(this.value, name);
  }

  member(name: string): JsonCursor {
    if (!isObject(this.value)) this.fail("must be an object");
    if (!Object.hasOwn(this.value, name)) this.fail(`member ${name} is missing`);
    return new JsonCursor(this.value[name], `${this.place}.${name}`);
  }

  /** Refuses any member that is not among `known`. */
  only(...known: readonly string[]): this {
    if (!isObject(this.value)) this.fail("must be an object");
    for (const name of Object.keys(this.value)) {
      if (!known.includes(name)) this.fail(`unknown member ${name}`);
    }
    return this;
  }

  items(): JsonCursor[] {
    if (!Array.isArray(this.value)) this.fail("must be an array");
    return this.value.map((item: unknown, index) => new JsonCursor(item, `${this.place}[${index}]`));
  }

  text(): string {
    if (typeof this.value !== "string") this.fail("must be text");
    if (!this.value.isWellFormed()) this.fail("holds a lone surrogate");
    return this.value;
  }

  boolean(): boolean {
    if (typeof this.value !== "boolean") this.fail("must be true or false");
    return this.value;
  }

  number(): number {
    if (typeof this.value !== "number") this.fail("must be a number");
    return this.value;
  }

  integer(min: number, max: number): number {
    const { value } = this;
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      this.fail(`must be an integer from ${min} to ${max}`);
    }
    return value;
  }

  uint32(): number {
    return this.integer(0, maxUint32);
  }

  /** A signed 64-bit integer, as text; a number is taken too while it is exact. */
  int64(): bigint {
    const { value } = this;
    if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
    if (typeof value !== "string" || !integerText.test(value)) this.fail("must be an integer as text");
    const integer = BigInt(value);
    if (integer !== BigInt.asIntN(64, integer)) this.fail("must fit 64 bits");
    return integer;
  }

  /** Hex of exactly `digits` digits as an unsigned integer. */
  hexInteger(digits: number): bigint {
    const text = this.text();
    if (text.length !== digits || !/^[0-9a-fA-F]+$/.test(text)) this.fail(`must be ${digits} hex digits`);
    return BigInt(`0x${text}`);
  }

  /** One of the given words. */
  oneOf<Word extends string>(words: readonly Word[]): Word {
    const word = words.find((candidate) => candidate === this.value);
    return word ?? this.fail(`must be one of ${words.join(", ")}`);
  }
}

/**
 * The small language of `defaultvalue` and `computed`: literals, names of fields, `+`, parentheses, and a few functions. It is read by a
 * parser of its own and never by the platform's, cannot loop, and is bounded in length and depth.
 */
export type Expression =
  | { readonly kind: "literal"; readonly value: ExpressionValue }
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "sum"; readonly terms: readonly Expression[] }
  | { readonly kind: "call"; readonly name: FunctionName; readonly operands: readonly Expression[] };

/** `null` is the value of a field that is not set. */
export type ExpressionValue = string | number | boolean | null;

/** What an expression may ask of its surroundings. */
export interface ExpressionScope {
  /** The field's value; null when it is not set. */
  field(name: string): ExpressionValue;
  /** Milliseconds since 1970. */
  readonly now: number;
  ulid(): string;
}

export type ExpressionResult =
  | { readonly ok: true; readonly expression: Expression }
  /** `offset`: where in the source, counted in UTF-16 units from 0. */
  | { readonly ok: false; readonly problem: string; readonly offset: number };

/** Bounds of a source text and of what it may produce. */
export const expressionLimits = { sourceLength: 1000, depth: 16, resultLength: 4096 } as const;

/** Functions with the number of their operands: exactly, or at least one. */
export const expressionFunctions = {
  ulid: 0,
  now: 0,
  lower: 1,
  upper: 1,
  trim: 1,
  coalesce: "some",
} as const satisfies Readonly<Record<string, number | "some">>;

export type FunctionName = keyof typeof expressionFunctions;

const isFunctionName = (name: string): name is FunctionName => Object.hasOwn(expressionFunctions, name);

interface Token {
  readonly kind: "text" | "number" | "name" | "mark" | "end";
  readonly text: string;
  readonly offset: number;
}

class Problem extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const tokenPattern = /\s*(?:("(?:[^"\\]|\\["\\])*"|'(?:[^'\\]|\\['\\])*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|([+(),]))/y;

const tokenise = (source: string): readonly Token[] => {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  let end = 0;
  for (;;) {
    const match = tokenPattern.exec(source);
    if (match === null) break;
    const [whole, text, number, name, mark] = match;
    end = tokenPattern.lastIndex;
    const offset = end - whole.trimStart().length;
    if (text !== undefined) tokens.push({ kind: "text", text: text.slice(1, -1).replace(/\\(.)/g, "$1"), offset });
    else if (number !== undefined) tokens.push({ kind: "number", text: number, offset });
    else if (name !== undefined) tokens.push({ kind: "name", text: name, offset });
    else tokens.push({ kind: "mark", text: mark ?? "", offset });
  }
  const rest = source.slice(end);
  if (rest.trim() !== "") {
    const offset = end + rest.length - rest.trimStart().length;
    throw new Problem(`unexpected ${JSON.stringify(String.fromCodePoint(source.codePointAt(offset) ?? 0))}`, offset);
  }
  return [...tokens, { kind: "end", text: "", offset: source.length }];
};

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Expression {
    const expression = this.#sum(0);
    const token = this.#next();
    if (token.kind !== "end") throw new Problem(`unexpected "${token.text}"`, token.offset);
    return expression;
  }

  #sum(depth: number): Expression {
    const terms = [this.#term(depth)];
    while (this.#takeMark("+")) terms.push(this.#term(depth));
    const [only] = terms;
    return terms.length === 1 && only !== undefined ? only : { kind: "sum", terms };
  }

  #term(depth: number): Expression {
    const token = this.#next();
    if (depth > expressionLimits.depth) throw new Problem("nested too deeply", token.offset);
    switch (token.kind) {
      case "text":
        return { kind: "literal", value: token.text };
      case "number":
        return { kind: "literal", value: Number(token.text) };
      case "name":
        return this.#named(token, depth);
      case "mark":
        if (token.text !== "(") throw new Problem(`unexpected "${token.text}"`, token.offset);
        return this.#closing(this.#sum(depth + 1));
      case "end":
        throw new Problem("a value is missing", token.offset);
    }
  }

  #named({ text, offset }: Token, depth: number): Expression {
    if (!this.#takeMark("(")) {
      const constants: Readonly<Record<string, ExpressionValue>> = { true: true, false: false, null: null };
      const constant = Object.hasOwn(constants, text) ? constants[text] : undefined;
      return constant === undefined ? { kind: "field", name: text } : { kind: "literal", value: constant };
    }
    if (!isFunctionName(text)) {
      throw new Problem(`there is no function ${text}; there are ${Object.keys(expressionFunctions).join(", ")}`, offset);
    }
    const operands: Expression[] = [];
    if (!this.#takeMark(")")) {
      do operands.push(this.#sum(depth + 1));
      while (this.#takeMark(","));
      this.#closing(undefined);
    }
    const expected = expressionFunctions[text];
    if (expected === "some" ? operands.length === 0 : operands.length !== expected) {
      throw new Problem(`${text} takes ${expected === "some" ? "at least one value" : `${expected} values`}`, offset);
    }
    return { kind: "call", name: text, operands };
  }

  #closing<Value>(value: Value): Value {
    const token = this.#next();
    if (token.kind !== "mark" || token.text !== ")") throw new Problem(`")" is missing`, token.offset);
    return value;
  }

  #takeMark(text: string): boolean {
    const token = this.#tokens[this.#position];
    if (token?.kind !== "mark" || token.text !== text) return false;
    this.#position += 1;
    return true;
  }

  #next(): Token {
    const token = this.#tokens[this.#position];
    if (token === undefined) throw new Problem("a value is missing", 0);
    this.#position += 1;
    return token;
  }
}

export const parseExpression = (source: string): ExpressionResult => {
  if (source.length > expressionLimits.sourceLength) {
    return { ok: false, problem: `an expression has at most ${expressionLimits.sourceLength} characters`, offset: 0 };
  }
  try {
    return { ok: true, expression: new Parser(tokenise(source)).parse() };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.message, offset: error.offset };
    throw error;
  }
};

/** The names of fields that an expression reads, each once. */
export const fieldsOf = (expression: Expression): ReadonlySet<string> => {
  switch (expression.kind) {
    case "literal":
      return new Set();
    case "field":
      return new Set([expression.name]);
    case "sum":
      return new Set(expression.terms.flatMap((term) => [...fieldsOf(term)]));
    case "call":
      return new Set(expression.operands.flatMap((operand) => [...fieldsOf(operand)]));
  }
};

const asText = (value: ExpressionValue): string => (value === null ? "" : String(value)).slice(0, expressionLimits.resultLength);

/** Numbers add up; anything else is joined as text, in which a field that is not set is empty. */
const add = (left: ExpressionValue, right: ExpressionValue): ExpressionValue =>
  typeof left === "number" && typeof right === "number" ? left + right : asText(asText(left) + asText(right));

const functions: Readonly<Record<FunctionName, (operands: readonly ExpressionValue[], scope: ExpressionScope) => ExpressionValue>> = {
  ulid: (_, scope) => scope.ulid(),
  now: (_, scope) => new Date(scope.now).toISOString(),
  lower: ([value = null]) => asText(value).toLowerCase(),
  upper: ([value = null]) => asText(value).toUpperCase(),
  trim: ([value = null]) => asText(value).trim(),
  coalesce: (operands) => operands.find((value) => value !== null && value !== "") ?? null,
};

/** The value of an expression. Never fails; texts are cut at `expressionLimits.resultLength`. */
export const evaluate = (expression: Expression, scope: ExpressionScope): ExpressionValue => {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "field":
      return scope.field(expression.name);
    case "sum":
      return expression.terms.map((term) => evaluate(term, scope)).reduce(add);
    case "call":
      return functions[expression.name](
        expression.operands.map((operand) => evaluate(operand, scope)),
        scope,
      );
  }
};

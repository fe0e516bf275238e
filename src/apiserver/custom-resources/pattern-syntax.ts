// Regular expressions as Kubernetes has them (Go's RE2 syntax: no look-around, no back references), read into a small
// tree. What cannot be matched in linear time does not parse. https://github.com/google/re2/wiki/Syntax

/** One character, by its code point. */
export type CharacterTest = (codePoint: number) => boolean;

export type PatternNode =
  | { readonly is: 'character'; readonly test: CharacterTest }
  | { readonly is: 'assertion'; readonly at: 'start' | 'end' | 'boundary' | 'inside' }
  | { readonly is: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly is: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly is: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number };

/** RE2 allows no more repetitions in one counter. */
const repetitionsMax = 1000;
const nestingMax = 200;

const isDigit: CharacterTest = (c) => c >= 48 && c <= 57;
export const isWord: CharacterTest = (c) => isDigit(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
const isSpace: CharacterTest = (c) => c === 32 || (c >= 9 && c <= 13 && c !== 11);
const not =
  (test: CharacterTest): CharacterTest =>
  (c) =>
    !test(c);
const anyOf =
  (tests: readonly CharacterTest[]): CharacterTest =>
  (c) =>
    tests.some((test) => test(c));

const perlClasses: Readonly<Record<string, CharacterTest>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
};
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7 };
const matching =
  (expression: RegExp): CharacterTest =>
  (c) =>
    expression.test(String.fromCodePoint(c));

const posixClasses: Readonly<Record<string, CharacterTest>> = {
  alnum: matching(/[0-9A-Za-z]/),
  alpha: matching(/[A-Za-z]/),
  ascii: (c) => c < 128,
  blank: matching(/[\t ]/),
  cntrl: (c) => c < 32 || c === 127,
  digit: matching(/\d/),
  graph: matching(/[!-~]/),
  lower: matching(/[a-z]/),
  print: matching(/[ -~]/),
  punct: matching(/[!-/:-@[-`{-~]/),
  space: matching(/[\t\n\v\f\r ]/),
  upper: matching(/[A-Z]/),
  word: matching(/\w/),
  xdigit: matching(/[0-9A-Fa-f]/),
};
/** Throws a SyntaxError that says what is wrong. */
export function parsePattern(source: string): PatternNode {
  const text = Array.from(source);
  let at = 0;
  let depth = 0;
  let ignoresCase = false;
  let dotTakesNewline = false;
  const bad = (why: string) => new SyntaxError(`error parsing regexp: ${why}`);
  const peek = () => text[at];
  const take = (wanted: string) => {
    if (text.slice(at, at + wanted.length).join('') !== wanted) return false;
    at += wanted.length;
    return true;
  };

  const choice = (): PatternNode => {
    if (++depth > nestingMax) throw bad('expression nests too deeply');
    const options = [sequence()];
    while (take('|')) options.push(sequence());
    depth--;
    return options.length === 1 ? options[0]! : { is: 'choice', options };
  };
  const sequence = (): PatternNode => {
    const parts: PatternNode[] = [];
    while (at < text.length && peek() !== '|' && peek() !== ')') parts.push(repeated(atom()));
    return parts.length === 1 ? parts[0]! : { is: 'sequence', parts };
  };
  const repeated = (part: PatternNode): PatternNode => {
    const counted = /^\{(\d{1,5})(?:(,)(\d{0,5}))?\}/.exec(text.slice(at, at + 14).join(''));
    let least: number;
    let most: number;
    if (take('*')) [least, most] = [0, Infinity];
    else if (take('+')) [least, most] = [1, Infinity];
    else if (take('?')) [least, most] = [0, 1];
    else if (counted !== null) {
      at += counted[0].length;
      least = Number(counted[1]);
      most = counted[2] === undefined ? least : counted[3] === '' ? Infinity : Number(counted[3]);
      if (least > repetitionsMax || (most !== Infinity && most > repetitionsMax) || most < least)
        throw bad(`invalid repeat count: \`${counted[0]}\``);
    } else return part;
    // Lazy or greedy makes no difference to whether there is a match.
    take('?');
    if (/^[*+?]$/.test(peek() ?? '')) throw bad(`invalid nested repetition operator: \`${peek()}\``);
    return { is: 'repeat', part, least, most };
  };
  const atom = (): PatternNode => {
    const character = text[at++]!;
    switch (character) {
      case '(':
        return group();
      case '[':
        return { is: 'character', test: folded(characterClass()) };
      case '.':
        return { is: 'character', test: dotTakesNewline ? () => true : (c) => c !== 10 };
      case '^':
        return { is: 'assertion', at: 'start' };
      case '$':
        return { is: 'assertion', at: 'end' };
      case '\\':
        return escape();
      case '*':
      case '+':
      case '?':
        throw bad(`missing argument to repetition operator: \`${character}\``);
      default:
        return { is: 'character', test: folded(literal(character.codePointAt(0)!)) };
    }
  };
  const group = (): PatternNode => {
    const before = [ignoresCase, dotTakesNewline] as const;
    if (take('?')) {
      const flags = /^([a-zA-Z-]*)([:)])/.exec(text.slice(at, at + 12).join(''));
      const named = /^P?<\w+>/.exec(text.slice(at, at + 200).join(''));
      if (named !== null) at += named[0].length;
      else if (flags === null || !/^[isU]*$/.test(flags[1]!)) throw bad('invalid or unsupported Perl syntax: `(?`');
      else {
        at += flags[0].length;
        if (flags[1]!.includes('i')) ignoresCase = true;
        if (flags[1]!.includes('s')) dotTakesNewline = true;
        if (flags[2] === ')') return { is: 'sequence', parts: [] };
      }
    }
    const inside = choice();
    if (!take(')')) throw bad(`missing closing ): \`${source}\``);
    [ignoresCase, dotTakesNewline] = before;
    return inside;
  };
  const escape = (): PatternNode => {
    const character = peek();
    if (character === 'b' || character === 'B') {
      at++;
      return { is: 'assertion', at: character === 'b' ? 'boundary' : 'inside' };
    }
    if (character === 'A' || character === 'z') {
      at++;
      return { is: 'assertion', at: character === 'A' ? 'start' : 'end' };
    }
    const value = escaped();
    return { is: 'character', test: typeof value === 'number' ? folded(literal(value)) : value };
  };
  /** After the backslash: a character, or a class of them. */
  const escaped = (): number | CharacterTest => {
    const character = text[at++];
    if (character === undefined) throw bad('trailing backslash at end of expression');
    if (Object.hasOwn(perlClasses, character)) return perlClasses[character]!;
    if (Object.hasOwn(controls, character)) return controls[character]!;
    if (character === 'p' || character === 'P') return unicodeClass(character === 'P');
    if (character === 'x') {
      const code = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(text.slice(at, at + 8).join(''));
      const value = code === null ? NaN : Number.parseInt(code[1] ?? code[2]!, 16);
      if (!(value <= 0x10_ff_ff)) throw bad('invalid escape sequence: `\\x`');
      at += code![0].length;
      return value;
    }
    if (/[0-9A-Za-z]/.test(character)) throw bad(`invalid escape sequence: \`\\${character}\``);
    return character.codePointAt(0)!;
  };
  const unicodeClass = (negated: boolean): CharacterTest => {
    const name = /^(?:\{(\^?)(\w+)\}|(\w))/.exec(text.slice(at, at + 40).join(''));
    try {
      const expression = new RegExp(`[\\p{${propertyOf(name?.[2] ?? name?.[3] ?? '')}}]`, 'u');
      at += name![0].length;
      const test = matching(expression);
      return negated !== (name![1] === '^') ? not(test) : test;
    } catch (error) {
      throw new SyntaxError('error parsing regexp: invalid character class range', { cause: error });
    }
  };
  const characterClass = (): CharacterTest => {
    const negated = take('^');
    const tests: CharacterTest[] = [];
    for (let first = true; ; first = false) {
      if (at >= text.length) throw bad('missing closing ]');
      if (!first && take(']')) break;
      const posix = /^\[:(\^?)(\w+):\]/.exec(text.slice(at, at + 14).join(''));
      if (posix !== null && Object.hasOwn(posixClasses, posix[2]!)) {
        at += posix[0].length;
        const test = posixClasses[posix[2]!]!;
        tests.push(posix[1] === '^' ? not(test) : test);
        continue;
      }
      const low = member();
      if (typeof low === 'function') tests.push(low);
      else if (peek() === '-' && text[at + 1] !== undefined && text[at + 1] !== ']') {
        at++;
        const high = member();
        if (typeof high !== 'number' || high < low) throw bad('invalid character class range');
        tests.push((c) => c >= low && c <= high);
      } else tests.push(literal(low));
    }
    const test = anyOf(tests);
    return negated ? not(test) : test;
  };
  const member = (): number | CharacterTest => (take('\\') ? escaped() : text[at++]!.codePointAt(0)!);
  const folded = (test: CharacterTest): CharacterTest => {
    if (!ignoresCase) return test;
    return (c) => {
      const character = String.fromCodePoint(c);
      return [character, character.toLowerCase(), character.toUpperCase()].some((one) => test(one.codePointAt(0)!));
    };
  };

  const root = choice();
  if (at < text.length) throw bad(`unexpected ): \`${source}\``);
  return root;
}

function literal(wanted: number): CharacterTest {
  return (c) => c === wanted;
}

/** Go names scripts as they are (`Greek`), categories by letter (`L`, `Lu`). */
function propertyOf(name: string): string {
  return name.length <= 2 ? name : `Script=${name}`;
}

// Matching a pattern in time that is linear in the text: all states of the machine at once (Thompson, as in RE2). A
// schema is written by whoever may create definitions; its patterns must not be able to stop the server.
import { isWord, parsePattern, type CharacterTest, type PatternNode } from './pattern-syntax.ts';

type Instruction =
  | { readonly does: 'match' }
  | { readonly does: 'take'; readonly test: CharacterTest }
  | { readonly does: 'assert'; readonly at: 'start' | 'end' | 'boundary' | 'inside' }
  | { readonly does: 'fork'; readonly to: readonly number[] }
  | { readonly does: 'jump'; readonly to: number };

/** Counters are written out: `(a{100}){100}` is ten thousand instructions and too many. */
const instructionsMax = 5000;

/** Instructions times characters of one match. A text that is too long for its pattern does not match. */
const matchStepsMax = 20_000_000;

/** Whether the pattern is found somewhere in the text. */
export type Pattern = (text: string) => boolean;

/** Throws a SyntaxError for what is no pattern, or one whose machine is too big. */
export function compilePattern(source: string): Pattern {
  const program: Instruction[] = [];
  emit(program, parsePattern(source));
  program.push({ does: 'match' });
  return (text) =>
    text.length * program.length <= matchStepsMax &&
    run(
      program,
      Array.from(text, (character) => character.codePointAt(0)!),
    );
}

function emit(program: Instruction[], node: PatternNode): void {
  if (program.length > instructionsMax) throw new SyntaxError('error parsing regexp: expression is too large');
  switch (node.is) {
    case 'character':
      program.push({ does: 'take', test: node.test });
      return;
    case 'assertion':
      program.push({ does: 'assert', at: node.at });
      return;
    case 'sequence':
      for (const part of node.parts) emit(program, part);
      return;
    case 'choice': {
      const fork = program.push({ does: 'fork', to: [] }) - 1;
      const starts: number[] = [];
      const ends: number[] = [];
      for (const option of node.options) {
        starts.push(program.length);
        emit(program, option);
        ends.push(program.push({ does: 'jump', to: 0 }) - 1);
      }
      program[fork] = { does: 'fork', to: starts };
      for (const end of ends) program[end] = { does: 'jump', to: program.length };
      return;
    }
    case 'repeat':
      emitRepeat(program, node);
  }
}

function emitRepeat(program: Instruction[], { part, least, most }: PatternNode & { readonly is: 'repeat' }): void {
  for (let count = 0; count < least; count++) emit(program, part);
  if (most === Infinity) {
    const fork = program.push({ does: 'fork', to: [] }) - 1;
    emit(program, part);
    program.push({ does: 'jump', to: fork });
    program[fork] = { does: 'fork', to: [fork + 1, program.length] };
    return;
  }
  const forks: number[] = [];
  for (let count = least; count < most; count++) {
    forks.push(program.push({ does: 'fork', to: [] }) - 1);
    emit(program, part);
  }
  for (const fork of forks) program[fork] = { does: 'fork', to: [fork + 1, program.length] };
}

function run(program: readonly Instruction[], text: readonly number[]): boolean {
  let current = new Set<number>();
  for (let position = 0; position <= text.length; position++) {
    // A match may begin anywhere.
    if (reach(program, 0, current, text, position)) return true;
    if (position === text.length) return false;
    const next = new Set<number>();
    for (const state of current) {
      const instruction = program[state]!;
      if (instruction.does !== 'take' || !instruction.test(text[position]!)) continue;
      if (reach(program, state + 1, next, text, position + 1)) return true;
    }
    current = next;
  }
  return false;
}

/** Adds what can be reached from `start` without taking a character; true when that is a match. */
function reach(
  program: readonly Instruction[],
  start: number,
  states: Set<number>,
  text: readonly number[],
  position: number,
): boolean {
  const left = [start];
  for (let state = left.pop(); state !== undefined; state = left.pop()) {
    if (states.has(state)) continue;
    states.add(state);
    const instruction = program[state]!;
    if (instruction.does === 'match') return true;
    if (instruction.does === 'jump') left.push(instruction.to);
    else if (instruction.does === 'fork') left.push(...instruction.to);
    else if (instruction.does === 'assert' && holds(instruction.at, text, position)) left.push(state + 1);
  }
  return false;
}

function holds(at: 'start' | 'end' | 'boundary' | 'inside', text: readonly number[], position: number): boolean {
  if (at === 'start') return position === 0;
  if (at === 'end') return position === text.length;
  const isWordAt = (index: number) => text[index] !== undefined && isWord(text[index]);
  return (isWordAt(position - 1) !== isWordAt(position)) === (at === 'boundary');
}

// Argument parsers that commands share. A wrong value becomes one sentence that says what is allowed.
import { InvalidArgumentError } from 'commander';

export function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`);
  };
}

/** For options that may be given more than once. */
export function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

// The JSONPath of printer columns, a subset of kubectl's: fields, list entries, `[*]`, and filters that compare with a
// literal. https://kubernetes.io/docs/reference/kubectl/jsonpath/
import { isObject, own } from '../schema/json.ts';

type Step = (values: readonly unknown[]) => readonly unknown[];
export type JsonPath = (value: unknown) => readonly unknown[];

const steps: readonly (readonly [RegExp, (match: RegExpExecArray) => Step])[] = [
  [/^\.((?:[\w-]|\\.)+)/, ([, name]) => fields(name!.replaceAll(/\\(.)/g, '$1'))],
  [/^\.\*|^\[\*\]/, () => (values) => values.flatMap(partsOf)],
  [/^\[\s*'([^']*)'\s*\]|^\[\s*"([^"]*)"\s*\]/, ([, single, double]) => fields(single ?? double!)],
  [
    /^\[\s*(-?\d{1,9})\s*\]/,
    ([, index]) =>
      (values) =>
        values.flatMap((value) => entryAt(value, Number(index))),
  ],
  [
    /^\[\?\(\s*@((?:\.(?:[\w-]|\\.)+)+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|(true|false|-?\d+(?:\.\d+)?))\s*\)\]/,
    ([, path, operator, single, double, bare]) => {
      const read = compileJsonPath(path!);
      const wanted = single ?? double ?? (JSON.parse(bare!) as unknown);
      return (values) => values.flatMap(partsOf).filter((part) => (read(part)[0] === wanted) === (operator === '=='));
    },
  ],
];

/** Throws a SyntaxError for what is not of this subset. Braces around the whole are optional. */
export function compileJsonPath(text: string): JsonPath {
  const path: Step[] = [];
  let rest = text
    .trim()
    .replace(/^\{(.*)\}$/, '$1')
    .replace(/^\$/, '');
  if (!/^[.[]/.test(rest)) throw new SyntaxError('must be a valid path starting with a dot');
  while (rest !== '' && rest !== '.') {
    let match: RegExpExecArray | null = null;
    for (const [pattern, make] of steps) {
      match = pattern.exec(rest);
      if (match === null) continue;
      path.push(make(match));
      rest = rest.slice(match[0].length);
      break;
    }
    if (match === null) throw new SyntaxError(`unrecognized part of a JSONPath: ${rest}`);
  }
  return (value) => path.reduce<readonly unknown[]>((values, step) => step(values), [value]);
}

function fields(name: string): Step {
  return (values) =>
    values.flatMap((value) => {
      const found = isObject(value) ? own(value, name) : undefined;
      return found === undefined ? [] : [found];
    });
}

function partsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function entryAt(value: unknown, index: number): readonly unknown[] {
  const found: unknown = Array.isArray(value) ? value.at(index) : undefined;
  return found === undefined ? [] : [found];
}

// Fields that a JSON text names twice in one object. JSON.parse keeps the last one and says nothing; Kubernetes' strict
// decoding refuses them. Works on text that has already been parsed: it checks nothing else.

/** More than these are not named. */
const duplicatesMax = 100;

interface Level {
  /** Names seen, in an object; undefined in a list. */
  readonly names: Set<string> | undefined;
  /** Of the object itself: `spec.containers[0]`. */
  readonly path: string;
  /** The field or index whose value is being read. */
  at: string | number;
}

/** Paths of the repeated fields, in order: `spec.replicas`. `text` must be valid JSON. */
export function findDuplicateFields(text: string): readonly string[] {
  const found: string[] = [];
  const levels: Level[] = [];
  let isName = false;
  for (let index = 0; index < text.length; index++) {
    const level = levels.at(-1);
    switch (text.charAt(index)) {
      case '{':
        levels.push({ names: new Set(), path: level === undefined ? '' : pathOf(level), at: '' });
        isName = true;
        break;
      case '[':
        levels.push({ names: undefined, path: level === undefined ? '' : pathOf(level), at: 0 });
        break;
      case '}':
      case ']':
        levels.pop();
        isName = false;
        break;
      case ',':
        if (level !== undefined && typeof level.at === 'number') level.at++;
        isName = level?.names !== undefined;
        break;
      case '"': {
        const end = endOfString(text, index);
        if (isName && level?.names !== undefined) {
          level.at = JSON.parse(text.slice(index, end + 1)) as string;
          if (level.names.has(level.at) && found.length < duplicatesMax) found.push(pathOf(level));
          level.names.add(level.at);
          isName = false;
        }
        index = end;
        break;
      }
      default:
    }
  }
  return found;
}

function pathOf({ path, at }: Level): string {
  if (typeof at === 'number') return `${path}[${at}]`;
  return path === '' ? at : `${path}.${at}`;
}

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index;
}

/**
 * How many fields the text names. As many as its parsed value has: none was named twice, and the slow search above can
 * be left out. Hops from quote to quote, so most of the text is never looked at here.
 */
export function countFields(text: string): number {
  let count = 0;
  let start = text.indexOf('"');
  while (start !== -1) {
    let end = text.indexOf('"', start + 1);
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
    let next = end + 1;
    while (text.charCodeAt(next) <= space) next++;
    if (text.charCodeAt(next) === colon) count++;
    start = text.indexOf('"', next);
  }
  return count;
}

const space = 32;
const colon = 58;
const backslash = 92;

/** An odd number of backslashes stands before it. */
function isEscaped(text: string, quote: number): boolean {
  let first = quote;
  while (text.charCodeAt(first - 1) === backslash) first--;
  return (quote - first) % 2 === 1;
}

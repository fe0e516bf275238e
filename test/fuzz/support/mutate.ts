// Makes something else of what was good: bytes, texts and JSON values. Small steps, so that most of the input still
// makes sense and the change is met deep inside, not at the door.
import type { Rng } from './rng.ts';

/** What has hurt a parser before. */
const tokens = [
  '',
  '\0',
  '"',
  '\\',
  '{',
  '}}',
  '[',
  ',',
  ':',
  '=',
  '!',
  '(',
  ')',
  ' ',
  '\n',
  '\t- ',
  '&a [*a, *a]',
  '*a',
  '<<: *a',
  '!!binary x',
  '---\n',
  'null',
  'true',
  '-0',
  '1e999',
  '9007199254740993',
  '0x10',
  '0777',
  '\u{feff}',
  '\u{d800}',
  '💥',
  '__proto__',
  'constructor',
  '../..',
  '%2e%2e',
  'k8s\0',
] as const;
const interestingBytes = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x22] as const;
const growthMax = 4096;

export function mutateBytes(rng: Rng, bytes: Buffer): Buffer {
  let result = bytes;
  for (let steps = 1 + rng.few(6); steps > 0; steps--) result = mutateOnce(rng, result);
  return result;
}

export function mutateText(rng: Rng, text: string): string {
  return mutateBytes(rng, Buffer.from(text)).toString('utf8');
}

function mutateOnce(rng: Rng, bytes: Buffer): Buffer {
  const at = rng.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + rng.few(64));
  const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (rng.below(8)) {
    case 0:
      return before;
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, part, part, after]);
    case 3:
      return Buffer.concat([before, Buffer.from(rng.pick(tokens)), part, after]);
    case 4:
      return Buffer.concat([before, rng.bytes(1 + rng.few(16)), after]);
    case 5:
      return Buffer.concat([before, ...Array<Buffer>(1 + rng.few(growthMax / 8)).fill(part), after]);
    default: {
      if (bytes.length === 0) return rng.bytes(1);
      const copy = Buffer.from(bytes);
      const index = rng.below(copy.length);
      copy[index] = rng.chance(0.5) ? rng.pick(interestingBytes) : copy[index]! ^ (1 << rng.below(8));
      return copy;
    }
  }
}

/** What stands where something else belongs. */
export function hostileValue(rng: Rng): unknown {
  switch (rng.below(14)) {
    case 0:
      return null;
    case 1:
      return '';
    case 2:
      return rng.pick([0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324]);
    case 3:
      return rng.chance(0.5);
    case 4:
      return [];
    case 5:
      return {};
    case 6:
      return [null, [[]], {}];
    case 7:
      return { [rng.pick(['__proto_', 'constructor', 'toString', 'length', '', '$patch', '$retainKeys'])]: 'x' };
    case 8:
      return rng.pick(tokens).repeat(1 + rng.few(400));
    case 9:
      return rng.pick(['100m', '1e99', '-1Ki', '9'.repeat(70), '50%', '-5%', '1.', '.', '2024-13-45T99:99:99Z']);
    case 10:
      return nested(rng.pick([3, 30, 95, 120]));
    case 11:
      return Array<unknown>(1 + rng.few(300)).fill(rng.pick([0, '', {}, 'a', null]));
    case 12:
      return { $patch: rng.pick(['delete', 'replace', 'merge', 'boom']) };
    default:
      return rng.pick(['a', 'A', 'a.b', '-', 'a/b', 'a/b/c', ' a', 'ä', '*', '(', '^(a+)+$', '{{', '$(X)']);
  }
}

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}

/** The value with one to a few of its parts replaced, removed, doubled or renamed. */
export function mutateValue(rng: Rng, value: unknown): unknown {
  let result = value;
  for (let steps = 1 + rng.few(3); steps > 0; steps--) result = mutatePart(rng, result);
  return result;
}

function mutatePart(rng: Rng, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || rng.chance(0.1)) return hostileValue(rng);
  if (Array.isArray(value)) {
    const items: unknown[] = [...(value as readonly unknown[])];
    const at = rng.below(items.length + 1);
    if (rng.chance(0.15)) items.splice(at, 1);
    else if (rng.chance(0.2)) items.splice(at, 0, items[rng.below(items.length)]);
    else items[Math.min(at, Math.max(0, items.length - 1))] = mutatePart(rng, items[at] ?? items[0]);
    return items;
  }
  const entries = Object.entries(value);
  const at = rng.below(entries.length + 1);
  const entry = entries[at];
  if (entry === undefined)
    return { ...value, [rng.pick(['status', 'unknown', 'metadata', 'spec', '0'])]: hostileValue(rng) };
  const [key, part] = entry;
  if (rng.chance(0.1)) entries.splice(at, 1);
  else if (rng.chance(0.05)) entries[at] = [mutateText(rng, key), part];
  else entries[at] = [key, mutatePart(rng, part)];
  return Object.fromEntries(entries.filter(([name]) => name !== '__proto__'));
}

// Derives src/apiserver/protobuf/field-numbers.json: `node scripts/derive-protobuf.ts PATH`, PATH being a checkout of
// github.com/kubernetes/api. Of every type that schema/fields.json knows, the numbers of its fields in protobuf and
// which of them Go holds by pointer (`?`: their zero values are values). `<TYPE` is a message whose fields are the type's
// own in JSON (Go embeds it). Numbers never change; new fields are added.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fields from '../src/apiserver/schema/fields.json' with { type: 'json' };

/** Groups that kubectl creates objects of. The types of meta/v1 are written by hand, in messages.ts. */
const packs = ['core/v1', 'apps/v1', 'batch/v1', 'autoscaling/v1', 'autoscaling/v2', 'networking.k8s.io/v1'];
const known = fields as Readonly<Record<string, Readonly<Record<string, string>>>>;
const table: Record<string, Record<string, string>> = {};
const [root = ''] = process.argv.slice(2);

for (const pack of packs) {
  const folder = join(root, pack.replace(/\.[^/]*/, ''));
  if (!existsSync(folder)) throw new Error(`${folder} is not there: give the path of a checkout of kubernetes/api`);
  const proto = readFileSync(join(folder, 'generated.proto'), 'utf8');
  const types = readFileSync(join(folder, 'types.go'), 'utf8');
  const messages = new Map(
    [...proto.matchAll(/^message (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, name = '', body = '']) => [name, body]),
  );
  /** `own`: the fields that the type has in JSON; those of an embedded one are its outer type's. */
  const derive = (name: string, own: Readonly<Record<string, string>>): void => {
    const source = goStruct(types, name);
    const pointers = pointersOf(source);
    const embedded = new Set([...source.matchAll(/json:"(?:,inline)?"[^`]*?name=(\w+)/g)].map((match) => match[1]!));
    const numbers: Record<string, string> = {};
    const body = messages.get(name) ?? '';
    for (const [, type = '', field = '', number = ''] of body.matchAll(
      /^ {2}(?:optional|repeated)? ?(map<[^>]*>|\S+) (\w+) = (\d+);/gm,
    )) {
      if (embedded.has(field)) {
        numbers[number] = `<${pack}.${type}`;
        derive(type, own);
      } else if (Object.hasOwn(own, field)) numbers[number] = pointers.has(field) ? `${field}?` : field;
    }
    table[`${pack}.${name}`] = { ...table[`${pack}.${name}`], ...numbers };
  };
  for (const name of messages.keys())
    if (Object.hasOwn(known, `${pack}.${name}`)) derive(name, known[`${pack}.${name}`]!);
}
const file = join(import.meta.dirname, '..', 'src', 'apiserver', 'protobuf', 'field-numbers.json');
writeFileSync(file, `${JSON.stringify(table, undefined, 2)}\n`);

function goStruct(types: string, name: string): string {
  return new RegExp(`^type ${name} struct \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(types)?.[1] ?? '';
}

function pointersOf(body: string): ReadonlySet<string> {
  return new Set([...body.matchAll(/^\s*\w+\s+\*[^`]*`json:"(\w+)/gm)].map((match) => match[1]!));
}

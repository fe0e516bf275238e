// YAML as Kubernetes reads it (sigs.k8s.io/yaml, which is YAML 1.1 in what people write): `0644` is octal, `yes` is
// true, `<<` merges; dates stay text. The one module that knows js-yaml.
import {
  boolYaml11Tag,
  CORE_SCHEMA,
  DUMP_SCHEMA,
  dump,
  intCoreTag,
  intYaml11Tag,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
} from 'js-yaml';

const octal = /^[-+]?0[0-7]+$/;
const schema = CORE_SCHEMA.withTags(mergeTag, boolYaml11Tag, {
  ...intCoreTag,
  resolve: (source, isExplicit, tagName) =>
    octal.test(source) ? Number.parseInt(source, 8) : intCoreTag.resolve(source, isExplicit, tagName),
});

/** What is wrong and where; lines count from 1. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
}

/** Every document of the text; empty ones are null. Values may share parts where the text has aliases. Throws a YamlError. */
export function parseYaml(text: string): readonly unknown[] {
  try {
    return loadAll(text, { schema });
  } catch (error) {
    const { reason, mark } = error as { reason?: string; mark?: { line: number } };
    const line = mark === undefined ? '' : `line ${mark.line + 1}: `;
    throw new YamlError(`${line}${reason ?? String(error)}`, { cause: error });
  }
}

/** What is a number to any reader: to the one above, of YAML 1.1 (`1_000`, `12:30`) or of 1.2 (`0o7`). */
const written = DUMP_SCHEMA.withTags({
  ...intYaml11Tag,
  resolve(source, isExplicit, tagName) {
    if (octal.test(source)) return Number.parseInt(source, 8);
    const old = intYaml11Tag.resolve(source, isExplicit, tagName);
    return old === NOT_RESOLVED ? intCoreTag.resolve(source, isExplicit, tagName) : old;
  },
});

/** Text that any reader would take for something else (`yes`, `0644`, a date) is quoted. */
export function formatYaml(value: unknown): string {
  return dump(value, { noRefs: true, schema: written });
}

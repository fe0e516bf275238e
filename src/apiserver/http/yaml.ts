// YAML in and out of HTTP bodies. The one module of this room that knows js-yaml.
import { boolYaml11Tag, CORE_SCHEMA, dump, load, mergeTag } from 'js-yaml';

/** YAML 1.1 booleans and merge keys, as sigs.k8s.io/yaml reads them. */
const schema = CORE_SCHEMA.withTags(mergeTag, boolYaml11Tag);

/** Throws an Error that says what is wrong. The value may share parts where the text has aliases. */
export function parseYamlBody(text: string): unknown {
  return load(text, { schema });
}

export function formatYaml(value: unknown): string {
  return dump(value, { noRefs: true });
}

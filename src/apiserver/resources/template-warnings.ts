// What is said of a pod template that is written: all of it when it is new, and again when it changes.
import type { KubernetesObject } from '../../api/index.ts';
import { podWarnings } from '../schema/index.ts';
import { sameJson } from '../same-json.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Of the template at `path`: `spec.template`, `spec.jobTemplate.spec.template`. */
export function templateWarnings(
  path: string,
): (object: KubernetesObject, before?: KubernetesObject) => readonly string[] {
  const templateOf = (object: KubernetesObject): Fields =>
    path
      .split('.')
      .reduce((value: Fields, field) => (value[field] as Fields | undefined) ?? {}, object as unknown as Fields);
  return (object, before) => {
    const template = templateOf(object);
    return before !== undefined && sameJson(template, templateOf(before)) ? [] : podWarnings(path, template);
  };
}

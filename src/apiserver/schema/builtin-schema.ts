// The schema of a built-in kind: types and defaults of the field table, rules of validation/.
import { type ObjectSchema, prepare } from './prepare.ts';
import { validateCreate, validateUpdate } from './validate.ts';
import type { KindRules } from './validation/kind-rules.ts';

/** `rules` when the kind's are not in the table of validate.ts. */
export function builtinSchema(resourceKey: string, rules?: KindRules): ObjectSchema {
  return {
    prepare: (object, options) => prepare(resourceKey, object, options),
    validateCreate: (object, context) => validateCreate(resourceKey, object, context, rules),
    validateUpdate: (next, before, context) => validateUpdate(resourceKey, next, before, context, rules),
  };
}

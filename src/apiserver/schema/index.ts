// The door to the schema: what an object of each kind may look like. `prepare` turns a decoded body into the object
// that may be stored (types checked, unknown fields pruned, defaults filled in), `validateCreate` and `validateUpdate`
// say why one must not be. Resource keys are `apiVersion/Kind`: `v1/Pod`, `apps/v1/DaemonSet`.
export { prepare, type FieldValidation, type ObjectSchema, type PrepareOptions, type Prepared } from './prepare.ts';
export { builtinSchema } from './builtin-schema.ts';
export { validateCreate, validateUpdate, type ValidationContext } from './validate.ts';
export { countFields, findDuplicateFields } from './duplicate-fields.ts';
export { openApiV2, openApiV3, openApiV3Index, type OpenApiResource, type OpenApiSchema } from './openapi/index.ts';
export { FieldErrors } from './validation/field-errors.ts';
export { podWarnings } from './warnings/pod-spec.ts';
export { dnsLabel } from './validation/names.ts';

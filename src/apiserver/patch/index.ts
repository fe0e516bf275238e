// The door to patching: one function for the four patch kinds.
export { applyPatch, type PatchOptions } from './patch.ts';
export { updateManagedFields, type ManagedFieldsUpdate } from './managed-fields.ts';
export type { Structure } from './structure.ts';
export { metadataStructure } from './structure.ts';
export { badPatch, goText } from './errors.ts';

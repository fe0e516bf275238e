// What the rules of one kind are: the seam between validate.ts and the files of this folder.
import type { JsonObject } from '../json.ts';
import type { FieldErrors } from './field-errors.ts';
import type { NameRule } from './names.ts';

export interface KindRules {
  /** Absent: an RFC 1123 subdomain. */
  readonly name?: NameRule;
  /** Everything but metadata: at creation and again at every update. */
  readonly object?: (errors: FieldErrors, object: JsonObject) => void;
  /** What a new object may not have, though a stored one may. */
  readonly create?: (errors: FieldErrors, object: JsonObject) => void;
  /** What only an update can get wrong: immutable fields. */
  readonly update?: (errors: FieldErrors, object: JsonObject, before: JsonObject) => void;
  /** A write to another subresource: what it may change, in place of `update`. */
  readonly subresources?: Readonly<Record<string, NonNullable<KindRules['update']>>>;
  /** A write to the status subresource; the rest is then not looked at. */
  readonly status?: (errors: FieldErrors, object: JsonObject, before: JsonObject) => void;
}

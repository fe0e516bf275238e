// Query parameters that several verbs understand. What writes may say is checked once, before anything else is done
// (apimachinery meta/v1/validation); the readers below rely on that.
import { StatusError } from '../../api/index.ts';
import type { ApiRequest } from '../request.ts';
import { FieldErrors, type FieldValidation } from '../schema/index.ts';

type Query = Readonly<Record<string, string>> | undefined;

/** Characters, as the field has it (validation.FieldManagerMaxLength). */
const fieldManagerLengthMax = 128;
const optionsKinds: Readonly<Partial<Record<ApiRequest['verb'], string>>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
};

/** Throws Invalid: `PatchOptions.meta.k8s.io "" is invalid: …`. */
export function checkWriteOptions({ verb, query, patchType }: ApiRequest): void {
  const kind = optionsKinds[verb];
  if (kind === undefined) return;
  const { dryRun = '', fieldValidation = '', fieldManager = '' } = query ?? {};
  const errors = new FieldErrors();
  if (!['', 'All'].includes(dryRun)) errors.notSupported('dryRun', [dryRun], ['All']);
  const fieldValidations = ['Ignore', 'Strict', 'Warn'];
  if (!['', ...fieldValidations].includes(fieldValidation))
    errors.notSupported('fieldValidation', fieldValidation, ['', ...fieldValidations]);
  if (fieldManager.length > fieldManagerLengthMax) errors.tooLong('fieldManager', fieldManagerLengthMax);
  if (/\p{C}/u.test(fieldManager))
    errors.invalid('fieldManager', fieldManager, 'should only contain printable characters');
  if (patchType === 'application/apply-patch+yaml') {
    if (fieldManager === '') errors.required('fieldManager', 'is required for apply patch');
  } else if (verb === 'patch' && query?.force !== undefined)
    errors.forbidden('force', 'may not be specified for non-apply patch');
  errors.throwIfAny(`${optionsGroupVersion}/${kind}`, '');
}

/** What options of requests belong to. */
export const optionsGroupVersion = 'meta.k8s.io/v1';

/** dryRun=All: everything is checked, nothing is written. */
export function isDryRun(query: Query): boolean {
  return (query?.dryRun ?? '') !== '';
}

/** fieldValidation; the server's default is Warn (KEP-2885). */
export function fieldValidationOf(query: Query): FieldValidation {
  const value = query?.fieldValidation;
  return value === 'Strict' || value === 'Ignore' ? value : 'Warn';
}

/** Who is recorded in managedFields: fieldManager, else the program's name in the user agent. */
export function fieldManagerOf(query: Query, userAgent: string | undefined): string {
  const named = query?.fieldManager ?? '';
  return named !== '' ? named : (userAgent ?? '').split('/', 1)[0] || 'unknown';
}

/** The same, and whether the request itself named it. */
export function managerOf({ query, userAgent }: ApiRequest): { readonly manager: string; readonly isNamed: boolean } {
  return { manager: fieldManagerOf(query, userAgent), isNamed: (query?.fieldManager ?? '') !== '' };
}

/** An integer parameter; undefined when absent. */
export function integerOf(query: Query, name: string): number | undefined {
  const text = query?.[name] ?? '';
  if (text === '') return undefined;
  if (!/^[-+]?\d{1,18}$/.test(text))
    throw new StatusError('BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** A yes or no: everything but `false` and `0` is a yes, `?watch` too (Convert_Slice_string_To_bool). */
export function flagOf(query: Query, name: string): boolean | undefined {
  const text = query?.[name];
  return text === undefined ? undefined : text !== '0' && text.toLowerCase() !== 'false';
}

/** resourceVersion as a revision; undefined when absent. '0' means: any version will do. */
export function resourceVersionOf(query: Query): number | undefined {
  const text = query?.resourceVersion ?? '';
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw new StatusError(
      'BadRequest',
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}

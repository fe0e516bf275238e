// Query parameters that several verbs understand, read and checked in one place.
import { StatusError } from '../../api/index.ts';
import type { FieldValidation } from '../schema/index.ts';

type Query = Readonly<Record<string, string>> | undefined;

/** dryRun=All: everything is checked, nothing is written. */
export function isDryRun(query: Query): boolean {
  const value = query?.dryRun ?? '';
  if (value === '' || value === 'All') return value === 'All';
  throw new StatusError('BadRequest', `dryRun: Unsupported value: "${value}": supported values: "All"`);
}

/** fieldValidation; the server's default is Warn (KEP-2885). */
export function fieldValidationOf(query: Query): FieldValidation {
  const value = query?.fieldValidation ?? '';
  if (value === '' || value === 'Warn') return 'Warn';
  if (value === 'Strict' || value === 'Ignore') return value;
  const message = `fieldValidation: Unsupported value: "${value}": supported values: "Ignore", "Warn", "Strict"`;
  throw new StatusError('BadRequest', message);
}

/** Who is recorded in managedFields: fieldManager, else the program's name in the user agent. */
export function fieldManagerOf(query: Query, userAgent: string | undefined): string {
  const named = query?.fieldManager ?? '';
  return named !== '' ? named : (userAgent ?? '').split('/', 1)[0] || 'unknown';
}

/** A non-negative integer parameter; undefined when absent. */
export function integerOf(query: Query, name: string): number | undefined {
  const text = query?.[name] ?? '';
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new StatusError('BadRequest', `${name}: Invalid value: "${text}": not a number`);
  return Number(text);
}

/** resourceVersion as a revision; undefined when absent. '0' means: any version will do. */
export function resourceVersionOf(query: Query): number | undefined {
  const text = query?.resourceVersion ?? '';
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw new StatusError('BadRequest', `invalid resource version "${text}": must be a non-negative integer`);
  return Number(text);
}

// What a list or a watch may ask for in resourceVersion, resourceVersionMatch, limit and continue together, and which
// revision that means (apimachinery internalversion/validation, apiserver storage ValidateListOptions).
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
import { StatusError } from '../../api/index.ts';
import { FieldErrors } from '../schema/index.ts';
import { type ContinueToken, decodeContinue } from './continue-token.ts';
import { integerOf, optionsGroupVersion, resourceVersionOf } from './parameters.ts';

type Query = Readonly<Record<string, string>> | undefined;

export interface ListOptions {
  /** 0: all. */
  readonly limit: number;
  readonly token: ContinueToken | undefined;
  /** The list has to be at least this new. */
  readonly notOlderThan: number | undefined;
  /** The list has to be just this one. */
  readonly exactly: number | undefined;
}

const notOlderThan = 'NotOlderThan';
const matches = ['Exact', notOlderThan];

export function listOptionsOf(query: Query): ListOptions {
  const { resourceVersion = '', resourceVersionMatch: match = '', continue: token = '' } = query ?? {};
  const errors = new FieldErrors();
  if (query?.sendInitialEvents !== undefined)
    errors.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  if (match !== '') {
    const refuse = (why: string) => errors.forbidden('resourceVersionMatch', why);
    if (resourceVersion === '') refuse('resourceVersionMatch is forbidden unless resourceVersion is provided');
    if (token !== '') refuse('resourceVersionMatch is forbidden when continue is provided');
    if (!matches.includes(match)) errors.notSupported('resourceVersionMatch', match, [...matches, '']);
    if (match === 'Exact' && resourceVersion === '0')
      refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  errors.throwIfAny(`${optionsGroupVersion}/ListOptions`, '');
  // Less than nothing is no limit.
  const limit = Math.max(integerOf(query, 'limit') ?? 0, 0);
  const revision = resourceVersionOf(query) ?? 0;
  if (token !== '') {
    if (revision !== 0)
      throw new StatusError('BadRequest', 'specifying resource version is not allowed when using continue');
    return { limit, token: decodeContinue(token), notOlderThan: undefined, exactly: undefined };
  }
  // A page of a version is a page of just that version, unless it says otherwise: the next one has to fit to it.
  const isExact = revision !== 0 && (match === 'Exact' || (match === '' && limit > 0));
  return {
    limit,
    token: undefined,
    exactly: isExact ? revision : undefined,
    notOlderThan: isExact || revision === 0 ? undefined : revision,
  };
}

/** Throws Invalid for combinations that have no meaning. */
export function checkWatchOptions(query: Query): void {
  const { resourceVersionMatch: match = '', sendInitialEvents, continue: token = '' } = query ?? {};
  const errors = new FieldErrors();
  const refuse = (why: string) => errors.forbidden('resourceVersionMatch', why);
  if (sendInitialEvents !== undefined && match !== notOlderThan)
    refuse(`sendInitialEvents requires setting resourceVersionMatch to ${notOlderThan}`);
  if (match !== '') {
    if (sendInitialEvents === undefined)
      refuse('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    if (match !== notOlderThan) errors.notSupported('resourceVersionMatch', match, [notOlderThan]);
    if (token !== '') refuse('resourceVersionMatch is forbidden when continue is provided');
  }
  errors.throwIfAny(`${optionsGroupVersion}/ListOptions`, '');
}

// Which names a definition gets: within its group the first one to ask has them (apiextensions status/naming_controller).
import { type Condition, findCondition, formatTime, withCondition } from '../../api/index.ts';
import type { ResourceDefinition } from '../resources/definition.ts';
import type { CustomResourceDefinition, DefinitionNames, DefinitionStatus } from './types.ts';

interface Taken {
  /** plural, singular and short names share one space, kinds another. */
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/** The status that the definition should have; the same object when it has it. */
export function settledStatus(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  builtin: readonly ResourceDefinition[],
  now: number,
): DefinitionStatus | undefined {
  const { spec, status } = definition;
  const conflict = conflictOf(spec.names, takenIn(spec.group, others, builtin));
  const accepted: Condition =
    conflict === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...conflict };
  // A definition that was established once stays it: its objects are there.
  const wasEstablished = findCondition(status?.conditions, 'Established')?.status === 'True';
  const established: Condition =
    conflict === undefined || wasEstablished
      ? {
          type: 'Established',
          status: 'True',
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted',
        }
      : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  const time = formatTime(now);
  const before = status?.conditions;
  const acceptedNames = conflict === undefined ? spec.names : status?.acceptedNames;
  const isSettled =
    isSame(findCondition(before, 'NamesAccepted'), accepted) &&
    isSame(findCondition(before, 'Established'), established) &&
    JSON.stringify(acceptedNames) === JSON.stringify(status?.acceptedNames);
  if (isSettled) return status;
  return {
    ...status,
    ...(acceptedNames === undefined ? {} : { acceptedNames }),
    conditions: withCondition(withCondition(before, accepted, time), established, time),
  };
}

function isSame(a: Condition | undefined, b: Condition): boolean {
  return a?.status === b.status && a.reason === b.reason && a.message === b.message;
}

function takenIn(
  group: string,
  others: readonly CustomResourceDefinition[],
  builtin: readonly ResourceDefinition[],
): Taken {
  const own = builtin.filter((resource) => resource.group === group);
  const accepted = others.filter(({ spec }) => spec.group === group).map(({ status }) => status?.acceptedNames ?? {});
  return {
    resources: new Set([
      ...own.flatMap(({ name, singular, shortNames }) => [name, singular, ...shortNames]),
      ...accepted.flatMap(({ plural, singular, shortNames = [] }) => [plural ?? '', singular ?? '', ...shortNames]),
    ]),
    kinds: new Set([
      ...own.flatMap(({ kind, listKind }) => [kind, listKind]),
      ...accepted.flatMap(({ kind, listKind }) => [kind ?? '', listKind ?? '']),
    ]),
  };
}

function conflictOf(names: DefinitionNames, taken: Taken): Pick<Condition, 'reason' | 'message'> | undefined {
  const { plural, singular = '', shortNames = [], kind, listKind = '' } = names;
  const asked: readonly (readonly [string, readonly string[], ReadonlySet<string>])[] = [
    ['PluralConflict', [plural], taken.resources],
    ['SingularConflict', [singular], taken.resources],
    ['ShortNamesConflict', shortNames, taken.resources],
    ['KindConflict', [kind], taken.kinds],
    ['ListKindConflict', [listKind], taken.kinds],
  ];
  for (const [reason, wanted, used] of asked) {
    const name = wanted.find((one) => one !== '' && used.has(one));
    if (name !== undefined) return { reason, message: `${JSON.stringify(name)} is already in use` };
  }
  return undefined;
}

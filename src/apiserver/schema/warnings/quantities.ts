// Amounts of bytes that are no whole number of them: `100m` of memory is a tenth of a byte, and never what was meant.
import { parseQuantityMilli } from '../../../api/index.ts';
import type { JsonObject } from '../json.ts';

export function fractionalBytes(
  path: string,
  amounts: JsonObject,
  resources: readonly string[] = ['memory', 'ephemeral-storage'],
): readonly string[] {
  return resources.flatMap((resource) => {
    const amount = amounts[resource] as string | undefined;
    if (amount === undefined || (parseQuantityMilli(amount) ?? 0) % 1000 === 0) return [];
    return [`${path}[${resource}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`];
  });
}

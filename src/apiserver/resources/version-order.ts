// Which version of a group comes first: v2, v1, v1beta2, v1beta1, v1alpha1, then all else by name (apimachinery
// version.CompareKubeAwareVersionStrings).

const syntax = /^v([1-9]\d{0,8})(?:(alpha|beta)([1-9]\d{0,8}))?$/;
const stability = { alpha: 0, beta: 1, stable: 2 } as const;

/** Negative when `a` comes first. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)];
  if (left === undefined || right === undefined) {
    if (left !== right) return left === undefined ? 1 : -1;
    return a < b ? -1 : Number(a > b);
  }
  const different = left.findIndex((part, index) => part !== right[index]);
  return different < 0 ? 0 : right[different]! - left[different]!;
}

function rank(version: string): readonly number[] | undefined {
  const match = syntax.exec(version);
  if (match === null) return undefined;
  const [, major, phase, minor] = match;
  return [stability[(phase as 'alpha' | 'beta' | undefined) ?? 'stable'], Number(major), Number(minor ?? 0)];
}

// Defaults of CustomResourceDefinitions (apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go).
import { text } from '../read.ts';
import type { Defaulter } from '../walk.ts';
import { fill, struct } from './fill.ts';

const spec: Defaulter = (object) => {
  const given = struct(object, 'names');
  const kind = text(given, 'kind');
  const singular = text(given, 'singular') === '' ? { singular: kind.toLowerCase() } : {};
  const listKind = text(given, 'listKind') === '' && kind !== '' ? { listKind: `${kind}List` } : {};
  return { ...fill(object, { conversion: { strategy: 'None' } }), names: { ...given, ...singular, ...listKind } };
};

export const apiextensionsDefaults: Readonly<Record<string, Defaulter>> = {
  'apiextensions.k8s.io/v1.CustomResourceDefinitionSpec': spec,
};

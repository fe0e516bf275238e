// Defaults of CustomResourceDefinitions (apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go).
import { StatusError } from '../../../api/index.ts';
import { isObject } from '../json.ts';
import { text } from '../read.ts';
import { structOf } from '../types.ts';
import { type Defaulter, walk } from '../walk.ts';
import { constants, fill, struct } from './fill.ts';

const spec: Defaulter = (object) => {
  const given = struct(object, 'names');
  const kind = text(given, 'kind');
  const singular = text(given, 'singular') === '' ? { singular: kind.toLowerCase() } : {};
  const listKind = text(given, 'listKind') === '' && kind !== '' ? { listKind: `${kind}List` } : {};
  const names = fill({ ...given, ...singular, ...listKind }, { plural: '', kind: '' });
  return { ...fill(object, { conversion: { strategy: 'None' }, group: '', scope: '', versions: [] }), names };
};

const schemaType = 'apiextensions.k8s.io/v1.JSONSchemaProps';

/** additionalProperties is a schema or a boolean, which the field table cannot say: its inside is looked at here. */
const schema: Defaulter = (object) => {
  const given = object['additionalProperties'];
  if (given === undefined || typeof given === 'boolean') return object;
  const walked = isObject(given) ? walk(structOf(schemaType)!, given, inner) : undefined;
  if (walked === undefined || walked.mismatch !== undefined)
    throw new StatusError(
      'BadRequest',
      `CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: ${walked?.mismatch ?? 'json: cannot unmarshal additionalProperties into Go value of type apiextensions.JSONSchemaPropsOrBool'}`,
    );
  return walked.object === given ? object : { ...object, additionalProperties: walked.object };
};
const inner: ReadonlyMap<string, Defaulter> = new Map([[schemaType, schema]]);

export const apiextensionsDefaults: Readonly<Record<string, Defaulter>> = {
  'apiextensions.k8s.io/v1.CustomResourceDefinitionSpec': spec,
  [schemaType]: schema,
  // Zero values that Go writes; validation names the ones that must not be empty.
  'apiextensions.k8s.io/v1.CustomResourceDefinitionVersion': constants({ name: '', served: false, storage: false }),
  'apiextensions.k8s.io/v1.CustomResourceColumnDefinition': constants({ name: '', type: '', jsonPath: '' }),
  'apiextensions.k8s.io/v1.CustomResourceSubresourceScale': constants({ specReplicasPath: '', statusReplicasPath: '' }),
  'apiextensions.k8s.io/v1.SelectableField': constants({ jsonPath: '' }),
};

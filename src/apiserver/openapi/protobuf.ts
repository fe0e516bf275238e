// An OpenAPI v2 document as protobuf: the only form that kubectl's client-side validation reads from /openapi/v2.
// Message and field numbers are those of openapi.v2 (google/gnostic openapiv2/OpenAPIv2.proto); extensions travel as
// YAML text, and JSON is YAML.
import { booleanField, type Message, messageField, repeatedField, stringField } from '../protobuf/wire-writer.ts';

/** What clients ask for, and what they are answered with: the first is no valid media type (RFC 6838 has no `@`). */
export const openApiV2ProtobufAccept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
export const openApiV2ProtobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

export interface OpenApiV2Document {
  readonly swagger: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly definitions: Readonly<Record<string, Schema>>;
}

type PathItem = { readonly [method in (typeof methods)[number][0]]?: Operation } & {
  readonly parameters?: readonly Parameter[];
};

interface Operation {
  readonly description?: string;
  readonly operationId?: string;
  readonly produces?: readonly string[];
  readonly consumes?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly responses?: Readonly<Record<string, { readonly description?: string; readonly schema?: Schema }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly type?: string;
  readonly schema?: Schema;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

const methods = [
  ['get', 2],
  ['put', 3],
  ['post', 4],
  ['delete', 5],
  ['patch', 8],
] as const;

export function encodeOpenApiV2(document: OpenApiV2Document): Buffer {
  const { swagger, info, paths, definitions } = document;
  return Buffer.concat([
    ...stringField(1, swagger),
    ...messageField(2, [...stringField(1, info.title), ...stringField(2, info.version)]),
    ...messageField(8, named(2, paths, pathItem)),
    ...messageField(9, named(1, definitions, schema)),
  ]);
}

/** Maps are repeated messages of a name (1) and a value (2). */
function named<T>(number: number, values: Readonly<Record<string, T>>, encode: (value: T) => Message): Message {
  return repeatedField(number, Object.entries(values), ([name, value]) => [
    ...stringField(1, name),
    ...messageField(2, encode(value)),
  ]);
}

function pathItem(item: PathItem): Message {
  return [
    ...methods.flatMap(([method, number]) => {
      const found = item[method];
      return found === undefined ? [] : messageField(number, operation(found));
    }),
    ...repeatedField(9, item.parameters ?? [], parametersItem),
  ];
}

function operation(entry: Operation): Message {
  return [
    ...stringField(3, entry.description),
    ...stringField(5, entry.operationId),
    ...(entry.produces ?? []).flatMap((type) => stringField(6, type)),
    ...(entry.consumes ?? []).flatMap((type) => stringField(7, type)),
    ...repeatedField(8, entry.parameters ?? [], parametersItem),
    ...messageField(
      9,
      named(1, entry.responses ?? {}, ({ description, schema: body }) =>
        messageField(1, [
          ...stringField(1, description ?? ''),
          ...(body === undefined ? [] : messageField(2, messageField(1, schema(body)))),
        ]),
      ),
    ),
    ...extensions(13, entry),
  ];
}

/** ParametersItem { parameter { body_parameter | non_body_parameter { query … | path … } } } */
function parametersItem({ name, in: place, required, type, schema: body }: Parameter): Message {
  if (place === 'body')
    return messageField(
      1,
      messageField(1, [
        ...stringField(2, name),
        ...stringField(3, place),
        ...booleanField(4, required),
        ...messageField(5, body === undefined ? undefined : schema(body)),
      ]),
    );
  const isPath = place === 'path';
  const common = [...booleanField(1, required), ...stringField(2, place), ...stringField(4, name)];
  return messageField(
    1,
    messageField(2, messageField(isPath ? 4 : 3, [...common, ...stringField(isPath ? 5 : 6, type)])),
  );
}

function schema(entry: Schema): Message {
  const { additionalProperties: additional, type } = entry;
  return [
    ...stringField(1, entry.$ref),
    ...stringField(2, entry.format),
    ...stringField(4, entry.description),
    ...(entry.required ?? []).flatMap((name) => stringField(19, name)),
    ...messageField(
      21,
      additional === undefined
        ? undefined
        : typeof additional === 'boolean'
          ? booleanField(2, additional)
          : messageField(1, schema(additional)),
    ),
    ...messageField(22, type === undefined ? undefined : [type].flat().flatMap((name) => stringField(1, name))),
    ...messageField(23, entry.items === undefined ? undefined : messageField(1, schema(entry.items))),
    ...messageField(25, entry.properties === undefined ? undefined : named(1, entry.properties, schema)),
    ...extensions(31, entry),
  ];
}

/** `x-…` fields as NamedAny { name, value { yaml } }. */
function extensions(number: number, entry: object): Message {
  return repeatedField(
    number,
    Object.entries(entry).filter(([name]) => name.startsWith('x-')),
    ([name, value]) => [...stringField(1, name), ...messageField(2, stringField(2, JSON.stringify(value)))],
  );
}

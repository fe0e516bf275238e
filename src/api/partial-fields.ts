// What a reader wants of a Kubernetes message: an API server that speaks protobuf lets everything else be skipped. The
// result has the usual JSON shape with the other fields missing. Data only; the reader is in client/protobuf/.

/** By Kubernetes' protobuf field number (generated.proto of k8s.io/api); what is not listed is skipped. */
export type PartialFields = Readonly<Record<number, PartialField>>;

/** The field's name in JSON, and what it is. */
export type PartialField = readonly [name: string, type: PartialFieldType];

/** `labels` is a map of strings; a list of one stands for repeated messages. */
export type PartialFieldType =
  | 'string'
  | 'strings'
  | 'integer'
  | 'boolean'
  | 'time'
  | 'labels'
  | PartialFields
  | readonly [PartialFields];

// The collector every rule reports to, with the reasons and message formats of apimachinery's util/validation/field.
// Clients match these words, so they are Kubernetes' own.
import { StatusError, type StatusCause } from '../../../api/index.ts';
import { splitResourceKey } from '../types.ts';

/** More causes than this say nothing new and are left out. */
const causesMax = 100;

const titles = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueNotFound: 'Not found',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
} as const;

type Reason = keyof typeof titles;

export class FieldErrors {
  readonly #causes: StatusCause[] = [];

  get isEmpty(): boolean {
    return this.#causes.length === 0;
  }

  get causes(): readonly StatusCause[] {
    return this.#causes;
  }

  required(field: string, detail = ''): void {
    this.#add('FieldValueRequired', field, undefined, detail);
  }

  forbidden(field: string, detail: string): void {
    this.#add('FieldValueForbidden', field, undefined, detail);
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.#add('FieldValueInvalid', field, format(value), detail);
  }

  /** Of what a schema says: a number where a text belongs, a text that is no date. */
  typeInvalid(field: string, value: unknown, detail: string): void {
    this.#add('FieldValueTypeInvalid', field, format(value), detail);
  }

  notSupported(field: string, value: unknown, supported: readonly string[]): void {
    const detail = `supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`;
    this.#add('FieldValueNotSupported', field, format(value), detail);
  }

  duplicate(field: string, value: unknown, detail = ''): void {
    this.#add('FieldValueDuplicate', field, format(value), detail);
  }

  notFound(field: string, value: unknown, detail = ''): void {
    this.#add('FieldValueNotFound', field, format(value), detail);
  }

  tooLong(field: string, bytesMax: number): void {
    this.#add('FieldValueTooLong', field, undefined, `may not be more than ${bytesMax} bytes`);
  }

  tooMany(field: string, count: number, itemsMax: number): void {
    this.#add('FieldValueTooMany', field, String(count), `must have at most ${itemsMax} items`);
  }

  /** Takes back what was reported word for word elsewhere. */
  forgive({ causes }: FieldErrors): void {
    const known = new Set(causes.map(({ field, message }) => `${field}: ${message}`));
    const left = this.#causes.filter(({ field, message }) => !known.has(`${field}: ${message}`));
    this.#causes.splice(0, Infinity, ...left);
  }

  /** Throws StatusError Invalid when anything was reported. */
  throwIfAny(resourceKey: string, name: string): void {
    if (this.isEmpty) return;
    const { group, kind } = splitResourceKey(resourceKey);
    const sentences = [...new Set(this.#causes.map((cause) => `${cause.field}: ${cause.message}`))];
    const errors = sentences.length === 1 ? sentences[0]! : `[${sentences.join(', ')}]`;
    const qualified = group === '' ? kind : `${kind}.${group}`;
    throw new StatusError('Invalid', `${qualified} ${JSON.stringify(name)} is invalid: ${errors}`, {
      ...(name === '' ? {} : { name }),
      ...(group === '' ? {} : { group }),
      kind,
      causes: this.#causes,
    });
  }

  #add(reason: Reason, field: string, value: string | undefined, detail: string): void {
    if (this.#causes.length >= causesMax) return;
    const message = titles[reason] + (value === undefined ? '' : `: ${value}`) + (detail === '' ? '' : `: ${detail}`);
    this.#causes.push({ reason, message, field });
  }
}

function format(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

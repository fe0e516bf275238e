// The one operating error of this house: a Kubernetes Status with reason, code and field causes. The API server
// throws it and sends it; the client receives it and throws it again. Never matched by message.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/

export type StatusReason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'Invalid'
  | 'TooManyRequests'
  | 'InternalError'
  | 'ServerTimeout'
  | 'Timeout'
  | 'ServiceUnavailable';

/** The first reason of a code is what the code means when a Status gives no reason. */
const codes: Readonly<Record<StatusReason, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  Conflict: 409,
  AlreadyExists: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServerTimeout: 500,
  Timeout: 504,
  ServiceUnavailable: 503,
};

export interface StatusCause {
  /** FieldValueRequired | FieldValueInvalid | FieldValueForbidden | FieldValueNotSupported | FieldValueDuplicate | … */
  readonly reason?: string;
  readonly message?: string;
  /** `spec.template.spec.restartPolicy` */
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** meta/v1 Status as it stands on the wire. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  /** `continue`: with Expired, how to read on from where a list stopped, though not at its snapshot. */
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  /** Absent from what a successful delete answers. */
  readonly code?: number;
}

export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly reason: StatusReason;
  readonly code: number;
  readonly details: StatusDetails | undefined;
  readonly continueToken: string | undefined;

  constructor(
    reason: StatusReason,
    message: string,
    details?: StatusDetails,
    options?: { cause?: unknown; code?: number; continueToken?: string },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.code = options?.code ?? codes[reason];
    this.details = details;
    this.continueToken = options?.continueToken;
  }

  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.continueToken === undefined ? {} : { continue: this.continueToken },
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** The error for a failed Status that came over the wire; an unknown reason falls back to the HTTP code's. */
export function statusErrorFrom(status: Partial<Status>, httpCode: number): StatusError {
  const code = status.code ?? httpCode;
  const known =
    status.reason !== undefined && Object.hasOwn(codes, status.reason)
      ? (status.reason as StatusReason)
      : reasonForCode(code);
  return new StatusError(known, status.message ?? `the server answered ${code}`, status.details, { code });
}

function reasonForCode(code: number): StatusReason {
  const found = (Object.entries(codes) as [StatusReason, number][]).find(([, value]) => value === code);
  return found?.[0] ?? (code >= 500 ? 'InternalError' : 'BadRequest');
}

export function isReason(error: unknown, ...reasons: readonly StatusReason[]): error is StatusError {
  return error instanceof StatusError && reasons.includes(error.reason);
}

/**
 * Whether the same request may succeed later without anything being changed by the caller: throttled, overloaded,
 * timed out, or never reached a server. A Conflict is not: it wants a fresh read first.
 */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  return error.code >= 500 || error.reason === 'TooManyRequests';
}

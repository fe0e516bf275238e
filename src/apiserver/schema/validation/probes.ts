// Probes and lifecycle hooks (core/validation validateProbe, validateHandler).
import type { JsonObject } from '../json.ts';
import { list, number, optional, text, texts } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';
import { check, validateNonNegative } from './meta.ts';
import { isPort, portName, portRange } from './names.ts';

const counts = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'];

export function validateProbes(errors: FieldErrors, path: string, container: JsonObject): void {
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = optional(container, name);
    if (probe !== undefined) validateProbe(errors, `${path}.${name}`, probe, name);
  }
}

function validateProbe(errors: FieldErrors, path: string, probe: JsonObject, name: string): void {
  validateHandler(errors, path, probe, ['exec', 'httpGet', 'tcpSocket', 'grpc']);
  for (const field of counts) validateNonNegative(errors, `${path}.${field}`, number(probe, field));
  const successes = number(probe, 'successThreshold');
  if (name !== 'readinessProbe' && successes !== undefined && successes !== 1)
    errors.invalid(`${path}.successThreshold`, successes, 'must be 1');
  const grace = number(probe, 'terminationGracePeriodSeconds');
  if (grace === undefined) return;
  if (name === 'readinessProbe')
    errors.invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes');
  else if (grace <= 0) errors.invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0');
}

/** `graceSeconds` of the pod: nobody may sleep longer than that. */
export function validateLifecycle(
  errors: FieldErrors,
  path: string,
  lifecycle: JsonObject,
  graceSeconds: number | undefined,
): void {
  for (const hook of ['postStart', 'preStop']) {
    const handler = optional(lifecycle, hook);
    if (handler !== undefined)
      validateHandler(errors, `${path}.${hook}`, handler, ['exec', 'httpGet', 'tcpSocket', 'sleep']);
    const sleep = optional(handler ?? {}, 'sleep');
    const seconds = number(sleep ?? {}, 'seconds') ?? 0;
    if (sleep !== undefined && graceSeconds !== undefined && (seconds < 0 || seconds > graceSeconds))
      errors.invalid(
        `${path}.${hook}.sleep`,
        seconds,
        `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`,
      );
  }
}

function validateHandler(errors: FieldErrors, path: string, handler: JsonObject, kinds: readonly string[]): void {
  const given = kinds.filter((kind) => optional(handler, kind) !== undefined);
  if (given.length === 0) errors.required(path, 'must specify a handler type');
  for (const [index, kind] of given.entries()) {
    const at = `${path}.${kind}`;
    if (index > 0) errors.forbidden(at, 'may not specify more than 1 handler type');
    else validateAction(errors, at, kind, optional(handler, kind)!);
  }
}

function validateAction(errors: FieldErrors, path: string, kind: string, action: JsonObject): void {
  if (kind === 'exec' && texts(action, 'command').length === 0) errors.required(`${path}.command`);
  if (kind === 'httpGet') {
    if (text(action, 'path') === '') errors.required(`${path}.path`);
    const scheme = text(action, 'scheme');
    if (scheme !== 'HTTP' && scheme !== 'HTTPS') errors.notSupported(`${path}.scheme`, scheme, ['HTTP', 'HTTPS']);
    for (const header of list(action, 'httpHeaders'))
      if (!/^[-A-Za-z0-9]+$/.test(text(header, 'name')))
        errors.invalid(
          `${path}.httpHeaders`,
          text(header, 'name'),
          "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
        );
  }
  if (kind === 'httpGet' || kind === 'tcpSocket') validatePortNumberOrName(errors, `${path}.port`, action['port']);
  if (kind === 'grpc' && !isPort(number(action, 'port') ?? 0))
    errors.invalid(`${path}.port`, number(action, 'port') ?? 0, portRange);
}

export function validatePortNumberOrName(errors: FieldErrors, path: string, port: unknown): void {
  if (typeof port === 'string') check(errors, path, port, portName);
  else if (!isPort((port as number | undefined) ?? 0)) errors.invalid(path, port ?? 0, portRange);
}

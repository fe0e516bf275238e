// The query of a log request (PodLogOptions): checked as pkg/apis/core/validation.ValidatePodLogOptions does, and passed
// on to the node as a kubelet's URL has it.
import { StatusError } from '../../../api/index.ts';
import { FieldErrors } from '../../schema/index.ts';

const passed = ['follow', 'previous', 'timestamps', 'sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes', 'stream'];
const streams = ['All', 'Stderr', 'Stdout'];
const together = 'at most one of `sinceTime` or `sinceSeconds` may be specified';
const notTogether = '`tailLines` and specific `stream` are mutually exclusive for now';

/** Throws Invalid with all that is wrong, BadRequest for what is no number or time. */
export function logParameters(pod: string, query: Readonly<Record<string, string>>): URLSearchParams {
  const { sinceTime = '', stream = 'All' } = query;
  const [tailLines, limitBytes, sinceSeconds] = [
    integer(query, 'tailLines'),
    integer(query, 'limitBytes'),
    integer(query, 'sinceSeconds'),
  ];
  const errors = new FieldErrors();
  if (tailLines !== undefined && tailLines < 0)
    errors.invalid('tailLines', tailLines, 'must be greater than or equal to 0');
  if (limitBytes !== undefined && limitBytes < 1) errors.invalid('limitBytes', limitBytes, 'must be greater than 0');
  if (sinceSeconds !== undefined && sinceTime !== '') errors.forbidden('', together);
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    errors.invalid('sinceSeconds', sinceSeconds, 'must be greater than 0');
  if (!streams.includes(stream)) errors.notSupported('stream', stream, streams);
  else if (stream !== 'All' && tailLines !== undefined) errors.forbidden('', notTogether);
  errors.throwIfAny('v1/PodLogOptions', pod);
  if (sinceTime !== '' && Number.isNaN(Date.parse(sinceTime)))
    throw new StatusError('BadRequest', `sinceTime: ${JSON.stringify(sinceTime)} is not a time of RFC 3339`);
  const parameters = new URLSearchParams();
  for (const name of passed) if ((query[name] ?? '') !== '') parameters.set(name, query[name]!);
  return parameters;
}

function integer(query: Readonly<Record<string, string>>, name: string): number | undefined {
  const text = query[name] ?? '';
  if (text === '') return undefined;
  if (!/^[+-]?\d{1,15}$/.test(text))
    throw new StatusError('BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

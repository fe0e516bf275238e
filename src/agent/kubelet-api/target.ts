// The URLs of a kubelet's streaming API, as an API server builds them: what is asked for, of which container, and how.
// Knows the grammar only; whether the pod exists is the runtime's to say.
import { StatusError } from '../../api/index.ts';
import type { ContainerTarget, LogOptions, PodTarget, ProcessOptions } from './runtime.ts';

export type Asked =
  | { readonly what: 'logs'; readonly target: ContainerTarget; readonly options: LogOptions }
  | {
      readonly what: 'exec';
      readonly target: ContainerTarget;
      readonly command: readonly string[];
      readonly options: ProcessOptions;
    }
  | { readonly what: 'attach'; readonly target: ContainerTarget; readonly options: ProcessOptions }
  | { readonly what: 'portForward'; readonly target: PodTarget; readonly ports: readonly string[] };

/** Throws StatusError for paths that no API server makes. @param nowMs what `sinceSeconds` counts back from. */
export function parseTarget(url: string, nowMs: number): Asked {
  const { pathname, searchParams } = new URL(url, 'http://node');
  const [kind, namespace = '', pod = '', container = '', ...more] = pathname
    .split('/')
    .slice(1)
    .map(decodeURIComponent);
  if (more.length > 0 || namespace === '' || pod === '') throw notFound();
  const target = { namespace, pod };
  if (kind === 'portForward' && container === '')
    return { what: 'portForward', target, ports: searchParams.getAll('port') };
  if (container === '') throw notFound();
  const named = { ...target, container };
  if (kind === 'containerLogs') return { what: 'logs', target: named, options: logOptions(searchParams, nowMs) };
  if (kind === 'attach') return { what: 'attach', target: named, options: processOptions(searchParams) };
  if (kind !== 'exec') throw notFound();
  const command = searchParams.getAll('command');
  if (command.length === 0) throw new StatusError('BadRequest', 'you must specify at least one command');
  return { what: 'exec', target: named, command, options: processOptions(searchParams) };
}

function notFound(): StatusError {
  return new StatusError('NotFound', 'the node could not find the requested resource');
}

/** A terminal has one output: stderr goes into it (kubelet remotecommand.NewOptions). */
function processOptions(query: URLSearchParams): ProcessOptions {
  const tty = isOn(query, 'tty');
  const options = {
    stdin: isOn(query, 'input'),
    stdout: isOn(query, 'output'),
    stderr: isOn(query, 'error') && !tty,
    tty,
  };
  if (!options.stdin && !options.stdout && !options.stderr)
    throw new StatusError('BadRequest', 'you must specify at least 1 of stdin, stdout, stderr');
  return options;
}

/** Checked by the API server already; what is no number here is no request of its. */
function logOptions(query: URLSearchParams, nowMs: number): LogOptions {
  const number = (name: string) => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    if (!/^\d{1,15}$/.test(text)) throw new StatusError('BadRequest', `${name} is not a number: ${text}`);
    return Number(text);
  };
  const [seconds, tailLines, limitBytes] = [number('sinceSeconds'), number('tailLines'), number('limitBytes')];
  const time = query.get('sinceTime') ?? '';
  const sinceMs = seconds !== undefined ? nowMs - seconds * 1000 : time === '' ? undefined : Date.parse(time);
  if (Number.isNaN(sinceMs)) throw new StatusError('BadRequest', `sinceTime is not a time: ${time}`);
  const stream = query.get('stream') ?? 'All';
  return {
    follow: isOn(query, 'follow'),
    previous: isOn(query, 'previous'),
    timestamps: isOn(query, 'timestamps'),
    stream: stream === 'Stdout' || stream === 'Stderr' ? stream : 'All',
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

/** Absent, `false` and `0` say no; all else yes (apimachinery Convert_Slice_string_To_bool). */
function isOn(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== 'false' && value !== '0';
}

// Argument parsers that commands share. A wrong value becomes one sentence that says what is allowed.
import { InvalidArgumentError, Option } from 'commander';

/** Where `everynode up` keeps a cluster, from where it is typed. */
export const defaultDataDirectory = '.everynode';

export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** For commands that work on a cluster of the user's. */
export const kubeconfigOption = () =>
  new Option('--kubeconfig <file>', 'how to reach the cluster (default: $KUBECONFIG, ~/.kube/config, or as a pod)');
export const contextOption = () =>
  new Option('--context <name>', 'context of the kubeconfig (default: its current one)');

export function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`);
  };
}

/** For options that may be given more than once. */
export function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

export function commaSeparated(text: string): readonly string[] {
  return text.split(',').filter((entry) => entry !== '');
}

/** `--flag`, `--flag=true`, `--flag=false`: as Kubernetes' components take their switches. */
export function trueOrFalse(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InvalidArgumentError("It must be 'true' or 'false'.");
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a time as Go writes it: 500ms, 15s, 1m30s. */
export function duration(minimumMs: number): (text: string) => number {
  return (text) => {
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
    const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * unitMs[unit!]!, 0);
    if (text !== '' && parts.map(([part]) => part).join('') === text && ms >= minimumMs) return ms;
    throw new InvalidArgumentError(
      `It must be a time such as 500ms, 15s or 1m30s${minimumMs > 1 ? `, at least ${minimumMs / 1000}s` : ''}.`,
    );
  };
}

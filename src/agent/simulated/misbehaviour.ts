// How simulated pods and nodes are told to misbehave. A rule is a match, a colon and what happens:
//
//   image=<glob>: …     containers whose image matches, e.g.  image=*:non-existent: ImagePullBackOff
//   pod=<glob>: …       pods by name, or by namespace/name when the glob has a slash
//   node=<glob>: …      every pod of the node, or the node itself, e.g.  node=node-2: Dead
//
// What happens is one or more of these, separated by commas, in any case of letters:
//
//   start 5s                     containers take this long to start
//   stop 5s                      … and this long to stop, never longer than the grace period
//   NeverReady                   runs, but no readiness probe ever passes
//   ImagePullBackOff             the image cannot be pulled
//   CrashLoopBackOff [after 5s]  the container exits with 1 after running this long (1 s)
//   Failed | Succeeded [after 5s]  the whole pod ends in this phase after running this long (at once)
//   Dead                         nodes only: no lease, no status, no pod starts, stops or goes
//
// A pod or a node may carry the same (without a match) in its annotation everynode.dev/simulate; a node's holds for its
// pods. Later rules win over earlier ones, field by field; a node's annotation over rules, a pod's over all. Globs know * and ?. Durations: 300ms, 5s, 2m, 1h.

export const simulateAnnotation = 'everynode.dev/simulate';

export interface Behaviour {
  readonly startMs?: number;
  readonly stopMs?: number;
  readonly neverReady?: true;
  readonly pullFails?: true;
  readonly end?: { readonly kind: 'crash' | 'failed' | 'succeeded'; readonly afterMs: number };
  readonly dead?: true;
}

type Subject = 'image' | 'pod' | 'node';

export interface MisbehaviourRule {
  readonly subject: Subject;
  readonly matches: (text: string) => boolean;
  /** For pods: the glob names the namespace too. */
  readonly qualified: boolean;
  readonly behaviour: Behaviour;
}

/** A rule that cannot be read. The message is one line that says what is allowed; `text` is what was given. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
  readonly text: string;
  constructor(text: string, message: string) {
    super(message);
    this.text = text;
  }
}

const allowedBehaviours =
  'start <duration>, stop <duration>, NeverReady, ImagePullBackOff, CrashLoopBackOff [after <duration>], ' +
  'Failed [after <duration>], Succeeded [after <duration>], Dead (nodes only)';
const crashAfterMs = 1_000;

/** @throws RuleError */
export function parseMisbehaviourRule(text: string): MisbehaviourRule {
  // Image globs have colons of their own: the one before a space divides, or else the last one.
  const spaced = text.lastIndexOf(': ');
  const divider = spaced >= 0 ? spaced : text.lastIndexOf(':');
  const match = /^\s*(\w+)=(.+)$/.exec(divider < 0 ? '' : text.slice(0, divider));
  const subject = match?.[1];
  if (match === null || (subject !== 'image' && subject !== 'pod' && subject !== 'node'))
    throw new RuleError(
      text,
      `expected 'image=<glob>: …', 'pod=<glob>: …' or 'node=<glob>: …', followed by ${allowedBehaviours}`,
    );
  const behaviour = parseBehaviour(text.slice(divider + 1));
  if (behaviour.dead === true && subject !== 'node')
    throw new RuleError(text, 'only a node can be Dead (node=<glob>: Dead)');
  const glob = match[2]!.trim();
  return { subject, matches: compileGlob(glob), qualified: glob.includes('/'), behaviour };
}

/** What an annotation says, or what follows a rule's match. @throws RuleError */
export function parseBehaviour(text: string): Behaviour {
  return Object.assign({}, ...text.split(',').map((part) => parsePart(part.trim()))) as Behaviour;
}

function parsePart(text: string): Behaviour {
  const [word = '', ...rest] = text.toLowerCase().split(/\s+/);
  const bare = rest.length === 0;
  const ms = parseDuration(rest.at(-1));
  const after = bare ? undefined : rest.length === 2 && rest[0] === 'after' ? ms : Number.NaN;
  switch (word) {
    case 'start':
    case 'stop':
      if (rest.length === 1 && ms !== undefined) return word === 'start' ? { startMs: ms } : { stopMs: ms };
      break;
    case 'neverready':
      if (bare) return { neverReady: true };
      break;
    case 'imagepullbackoff':
    case 'errimagepull':
      if (bare) return { pullFails: true };
      break;
    case 'dead':
      if (bare) return { dead: true };
      break;
    case 'crashloopbackoff':
      if (bare || isDuration(after)) return { end: { kind: 'crash', afterMs: after ?? crashAfterMs } };
      break;
    case 'failed':
    case 'succeeded':
      if (bare || isDuration(after)) return { end: { kind: word, afterMs: after ?? 0 } };
      break;
    default:
  }
  throw new RuleError(text, `'${text}' is none of ${allowedBehaviours}`);
}

function isDuration(ms: number | undefined): ms is number {
  return ms !== undefined && !Number.isNaN(ms);
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function parseDuration(text: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text ?? '');
  return match === null ? undefined : Number(match[1]) * unitMs[match[2]!]!;
}

function compileGlob(glob: string): (text: string) => boolean {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const pattern = new RegExp(`^${source}$`, 's');
  return (text) => pattern.test(text);
}

export interface PodSubject {
  readonly namespace: string;
  readonly name: string;
  readonly nodeName: string;
}

/** What one container of a pod does. `own` is the pod's annotation, already parsed. O(rules). */
export function behaviourOf(
  rules: readonly MisbehaviourRule[],
  pod: PodSubject,
  image: string,
  own: Behaviour | undefined,
): Behaviour {
  let found: Behaviour = {};
  for (const rule of rules) if (applies(rule, pod, image)) found = { ...found, ...rule.behaviour };
  return own === undefined ? found : { ...found, ...own };
}

function applies({ subject, matches, qualified }: MisbehaviourRule, pod: PodSubject, image: string): boolean {
  switch (subject) {
    case 'image':
      return matches(image);
    case 'pod':
      return matches(qualified ? `${pod.namespace}/${pod.name}` : pod.name);
    case 'node':
      return matches(pod.nodeName);
  }
}

/** Whether a node answers nothing. */
export function isDead(rules: readonly MisbehaviourRule[], nodeName: string, own: Behaviour | undefined): boolean {
  if (own?.dead === true) return true;
  return rules.some(
    ({ subject, matches, behaviour }) => subject === 'node' && behaviour.dead === true && matches(nodeName),
  );
}

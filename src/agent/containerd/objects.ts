// ConfigMaps and Secrets that pods refer to. Asked for when needed and remembered: when the API server is away, what was
// read last is used, so that a container that crashes meanwhile starts again.
import {
  type ConfigMap,
  isReason,
  type KubernetesObject,
  type ObjectReference,
  parseTime,
  type Pod,
  type Resource,
  resources,
  type Secret,
  type Stored,
} from '../../api/index.ts';
import type { ControllerContext } from '../../client/index.ts';
import { containersInOrder, type Sources } from '../../core/pod/index.ts';

/** An answer this young is not asked for again: the containers of one pod start together. */
const freshMs = 1_000;
const objectsMax = 4_096;

interface Answer {
  readonly object: KubernetesObject | undefined;
  readonly atMs: number;
  /** The API could not be asked: this is what it said before. */
  readonly stale: boolean;
}

/** Tokens are renewed when this much of their life is over (kubelet's token manager). */
const tokenLifeUsed = 0.8;
/** Or when they are this old, however long they live. */
const tokenAgeMsMax = 24 * 3_600_000;
const defaultTokenSeconds = 3_600;

/** authentication.k8s.io/v1, as the `token` subresource of a ServiceAccount takes and answers it. */
interface TokenRequest extends KubernetesObject {
  readonly spec: {
    readonly audiences: readonly string[];
    readonly expirationSeconds: number;
    readonly boundObjectRef: ObjectReference;
  };
  readonly status?: { readonly token: string; readonly expirationTimestamp: string };
}

const tokenRequests: Resource<TokenRequest> = {
  group: '',
  version: 'v1',
  name: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
};

interface Token {
  readonly token: string;
  readonly renewMs: number;
  readonly endMs: number;
  /** It should have been renewed, and could not be. */
  readonly stale: boolean;
}

export interface ObjectReader {
  /** Everything that the pod refers to by name. Rejects with a StatusError when the API cannot say. */
  sourcesFor(pod: Pod, signal: AbortSignal): Promise<Sources>;
  /** A token for the pod's service account that ends with the pod. */
  tokenFor(
    pod: Stored<Pod>,
    audience: string | undefined,
    seconds: number | undefined,
    signal: AbortSignal,
  ): Promise<string>;
  /** The pod is gone. */
  forget(uid: string): void;
}

export function createObjectReader({
  client,
  clock,
  log,
}: Pick<ControllerContext, 'client' | 'clock' | 'log'>): ObjectReader {
  const answers = new Map<string, Answer>();
  /** Pod UID → audience and length → token. */
  const tokens = new Map<string, Map<string, Token>>();

  const read = async (
    resource: Resource,
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<KubernetesObject | undefined> => {
    const key = `${resource.name}/${namespace}/${name}`;
    const known = answers.get(key);
    if (known !== undefined && clock.now() - known.atMs < freshMs) return known.object;
    const answer = await ask(resource, namespace, name, known, signal);
    answers.delete(key);
    answers.set(key, answer);
    // The oldest first, as a Map keeps its order.
    for (const oldest of answers.keys()) {
      if (answers.size <= objectsMax) break;
      answers.delete(oldest);
    }
    return answer.object;
  };

  const ask = async (
    resource: Resource,
    namespace: string,
    name: string,
    known: Answer | undefined,
    signal: AbortSignal,
  ): Promise<Answer> => {
    try {
      const object = await client.get(resource, namespace, name, { signal });
      return { object, atMs: clock.now(), stale: false };
    } catch (error) {
      if (isReason(error, 'NotFound')) return { object: undefined, atMs: clock.now(), stale: false };
      if (known?.object === undefined || signal.aborted) throw error;
      // Said once, not with every refresh.
      if (!known.stale) log.warn('using what was read last', { resource: resource.name, namespace, name, error });
      return { object: known.object, atMs: clock.now(), stale: true };
    }
  };

  const requestToken = async (
    pod: Stored<Pod>,
    audience: string | undefined,
    seconds: number,
    signal: AbortSignal,
  ): Promise<Token> => {
    const { name, namespace = '', uid } = pod.metadata;
    const answer = await client.create(
      tokenRequests,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: { name: pod.spec.serviceAccountName ?? 'default', namespace },
        spec: {
          audiences: audience === undefined || audience === '' ? [] : [audience],
          expirationSeconds: seconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
        },
      },
      { subresource: 'token', signal },
    );
    const now = clock.now();
    const endMs = parseTime(answer.status?.expirationTimestamp) ?? now + seconds * 1000;
    return {
      token: answer.status?.token ?? '',
      renewMs: now + Math.min((endMs - now) * tokenLifeUsed, tokenAgeMsMax),
      endMs,
      stale: false,
    };
  };

  return {
    async tokenFor(pod, audience, seconds = defaultTokenSeconds, signal) {
      const { uid } = pod.metadata;
      const ofPod = tokens.get(uid) ?? new Map<string, Token>();
      tokens.set(uid, ofPod);
      const key = `${audience ?? ''}/${seconds}`;
      const standing = ofPod.get(key);
      if (standing !== undefined && clock.now() < standing.renewMs) return standing.token;
      try {
        const token = await requestToken(pod, audience, seconds, signal);
        ofPod.set(key, token);
        return token.token;
      } catch (error) {
        if (signal.aborted || standing === undefined || clock.now() >= standing.endMs) throw error;
        // The API is away: it is good as long as it lives. Said once, not with every refresh.
        if (!standing.stale) log.warn('a token could not be renewed', { pod: pod.metadata.name, error });
        ofPod.set(key, { ...standing, stale: true });
        return standing.token;
      }
    },
    forget: (uid) => void tokens.delete(uid),
    async sourcesFor(pod, signal) {
      const { namespace = '' } = pod.metadata;
      const names = referredObjects(pod);
      const readAll = async <T extends KubernetesObject>(resource: Resource<T>, wanted: ReadonlySet<string>) =>
        new Map(
          await Promise.all(
            [...wanted].map(
              async (name) => [name, (await read(resource, namespace, name, signal)) as T | undefined] as const,
            ),
          ),
        );
      const [configMaps, secrets] = await Promise.all([
        readAll<ConfigMap>(resources.configMaps, names.configMaps),
        readAll<Secret>(resources.secrets, names.secrets),
      ]);
      return { configMap: (name) => configMaps.get(name), secret: (name) => secrets.get(name) };
    },
  };
}

/** The names that a pod's environment, volumes and image pulls mention. */
export function referredObjects({ spec }: Pod): {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
} {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  const add = (names: Set<string>, name: string | undefined) => {
    if (name !== undefined && name !== '') names.add(name);
  };
  for (const { env = [], envFrom = [] } of containersInOrder(spec).map(({ container }) => container)) {
    for (const { valueFrom } of env) {
      add(configMaps, valueFrom?.configMapKeyRef?.name);
      add(secrets, valueFrom?.secretKeyRef?.name);
    }
    for (const { configMapRef, secretRef } of envFrom) {
      add(configMaps, configMapRef?.name);
      add(secrets, secretRef?.name);
    }
  }
  for (const { configMap, secret, projected } of spec.volumes ?? []) {
    add(configMaps, configMap?.name);
    add(secrets, secret?.secretName);
    for (const source of projected?.sources ?? []) {
      add(configMaps, source.configMap?.name);
      add(secrets, source.secret?.name);
    }
  }
  for (const { name } of spec.imagePullSecrets ?? []) add(secrets, name);
  return { configMaps, secrets };
}

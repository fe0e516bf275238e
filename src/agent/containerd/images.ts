// The image of a container on this machine: there already, pulled, or a reason why not, in the kubelet's words. Back-off
// is core/pod's; this is one try.
import type { Container, Pod, Stored } from '../../api/index.ts';
import { formatPreciseDuration, type Sources } from '../../core/pod/index.ts';
import { type Cri, describeFailure } from '../cri/index.ts';
import type { NodeContext } from './context.ts';
import { imageNameFault } from './image-name.ts';
import { type Credentials, credentialsFor, missingPullSecrets } from './registry-credentials.ts';
import type { ImageUser } from './security.ts';

export interface PresentImage {
  readonly id: string;
  readonly user: ImageUser;
  readonly bytes: number;
}

/** A pull that failed: tried again with a growing wait. */
export class PullError extends Error {
  override readonly name = 'PullError';
}

/** Nothing a pull would change; `reason` is what the container's status says. */
export class ImageRefused extends Error {
  override readonly name = 'ImageRefused';
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

export type Tell = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

/** A large image over a slow line; the runtime gives up by itself when nothing moves. */
const pullMsMax = 1_800_000;

export async function ensureImage(
  { cri: { images }, clock }: Pick<NodeContext, 'cri' | 'clock'>,
  pod: Stored<Pod>,
  container: Container,
  sources: Sources,
  tell: Tell,
  signal: AbortSignal,
): Promise<PresentImage> {
  const image = container.image ?? '';
  const fault = imageNameFault(image);
  if (fault !== undefined) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${fault}`;
    tell('Warning', 'InspectFailed', message);
    throw new ImageRefused('InvalidImageName', message);
  }
  const policy = container.imagePullPolicy ?? defaultPullPolicy(image);
  const look = async (name: string): Promise<PresentImage | undefined> => {
    const { image: found } = await images.imageStatus({ image: { image: name } }, { signal });
    if (found === undefined) return undefined;
    const { id, uid, username, size } = found;
    return { id, user: { uid: uid === undefined ? undefined : Number(uid.value), username }, bytes: Number(size) };
  };

  const present = policy === 'Always' ? undefined : await look(image);
  if (present !== undefined) {
    tell('Normal', 'Pulled', `Container image "${image}" already present on machine`);
    return present;
  }
  if (policy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    tell('Warning', 'ErrImageNeverPull', message);
    throw new ImageRefused('ErrImageNeverPull', message);
  }
  tell('Normal', 'Pulling', `Pulling image "${image}"`);
  const lost = missingPullSecrets(pod.spec, sources);
  if (lost.length > 0)
    tell(
      'Warning',
      'FailedToRetrieveImagePullSecret',
      `Unable to retrieve some image pull secrets (${lost.join(', ')}); attempting to pull the image may not succeed.`,
    );
  const begunMs = clock.now();
  try {
    const imageRef = await pullAsAnyOf({ images }, image, credentialsFor(image, pod.spec, sources), signal);
    const pulled = await look(imageRef);
    if (pulled === undefined) throw new Error(`image "${image}" is not there after its pull`);
    const took = formatPreciseDuration(clock.now() - begunMs);
    const facts = `in ${took} (${took} including waiting). Image size: ${pulled.bytes} bytes.`;
    tell('Normal', 'Pulled', `Successfully pulled image "${image}" ${facts}`);
    return pulled;
  } catch (error) {
    if (signal.aborted) throw error;
    throw new PullError(describeFailure(error), { cause: error });
  }
}

/** Each of those who may be let in is tried in turn, nobody in particular when there is none. */
async function pullAsAnyOf(
  { images }: Pick<Cri, 'images'>,
  image: string,
  credentials: readonly Credentials[],
  signal: AbortSignal,
): Promise<string> {
  const options = { signal, timeoutMs: pullMsMax };
  let refusal: unknown;
  for (const auth of credentials) {
    try {
      return (await images.pullImage({ image: { image }, auth }, options)).imageRef;
    } catch (error) {
      if (signal.aborted) throw error;
      refusal = error;
    }
  }
  if (refusal !== undefined) throw refusal;
  return (await images.pullImage({ image: { image } }, options)).imageRef;
}

/** What the API server fills in: latest may have moved, anything else has not. */
export function defaultPullPolicy(image: string): string {
  const tag = /:([\w.-]+)$/.exec(image.split('/').at(-1)!.split('@')[0]!)?.[1];
  return image.includes('@') || (tag !== undefined && tag !== 'latest') ? 'IfNotPresent' : 'Always';
}

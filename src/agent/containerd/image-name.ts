// Whether an image's name can be one at all: what cannot be parsed need not be pulled (distribution/reference).
// https://github.com/distribution/reference/blob/main/regexp.go

const domain = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[a-f0-9:]+\])(?::\d+)?$/i;
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tag = /^\w[\w.-]{0,127}$/;
const digest = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const nameCharactersMax = 255;

/** In the words of the library that containerd and the kubelet parse with; undefined = nothing is wrong. */
export function imageNameFault(image: string): string | undefined {
  const malformed = 'invalid reference format';
  const [named = '', digested, ...rest] = image.split('@');
  if (rest.length > 0 || (digested !== undefined && !digest.test(digested))) return malformed;
  const slash = named.lastIndexOf('/');
  const colon = named.indexOf(':', slash + 1);
  if (colon >= 0 && !tag.test(named.slice(colon + 1))) return malformed;
  const path = (colon >= 0 ? named.slice(0, colon) : named).split('/');
  const isRegistry = path.length > 1 && (/[.:]/.test(path[0]!) || path[0] === 'localhost' || /[A-Z]/.test(path[0]!));
  const repository = isRegistry ? path.slice(1) : path;
  if (isRegistry && !domain.test(path[0]!)) return malformed;
  const name = repository.join('/');
  if (name !== name.toLowerCase()) return `${malformed}: repository name (${name}) must be lowercase`;
  if (!repository.every((part) => component.test(part))) return malformed;
  return path.join('/').length > nameCharactersMax ? 'repository name must not be more than 255 characters' : undefined;
}

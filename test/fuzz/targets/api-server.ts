// The API server's doors: bodies in JSON, YAML and protobuf, the four kinds of patches, selectors and other parameters,
// for every resource it serves. What may not happen stands in support/api.ts.
import type { ResourceDefinition } from '../../../src/apiserver/resources/definition.ts';
import { formatYaml } from '../../../src/machinery/index.ts';
import { type Asked, openApi, rootOf } from '../support/api.ts';
import { corpus } from '../support/corpus.ts';
import { hostileValue, mutateBytes, mutateText, mutateValue } from '../support/mutate.ts';
import { encodeProtobuf } from '../support/protobuf.ts';
import { createRng, type Rng } from '../support/rng.ts';
import type { Target } from '../support/target.ts';
import { names, namespaces, objectOf } from '../support/values.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const;
export const apiServer: Target = {
  name: 'api-server',
  async open() {
    const api = await openApi();
    return {
      run: (seed) => api.check(make(createRng(seed), api.definitions())),
      close: () => api.close(),
    };
  },
};

function make(rng: Rng, definitions: readonly ResourceDefinition[]): Asked {
  const known = rng.pick(corpus);
  const definition = rng.chance(0.7)
    ? (definitions.find(({ kind }) => kind === known['kind']) ?? rng.pick(definitions))
    : rng.pick(definitions);
  const { kind, name: plural, namespaced } = definition;
  const root = rootOf(definition);
  const collection = namespaced
    ? `${root}/namespaces/${rng.chance(0.7) ? 'default' : rng.pick(namespaces)}/${plural}`
    : `${root}/${plural}`;
  const subresources = ['', '', '', ...Object.keys(definition.subresources)];
  const subresource = rng.pick(subresources);
  const name = kind === 'CustomResourceDefinition' ? 'things.fuzz.example' : rng.chance(0.7) ? 'a' : rng.pick(names);
  const item = `${collection}/${name}${subresource === '' ? '' : `/${subresource}`}`;
  switch (rng.below(10)) {
    case 0:
    case 1:
    case 2:
      return { method: 'POST', path: query(rng, subresource === '' ? collection : item), ...bodyOf(rng, definition) };
    case 3:
    case 4:
      return { method: 'PUT', path: query(rng, item), ...bodyOf(rng, definition) };
    case 5:
    case 6:
      return { method: 'PATCH', path: query(rng, item), ...patchOf(rng, definition) };
    case 7: {
      const body = Buffer.from(
        JSON.stringify(rng.chance(0.5) ? objectOf(rng, 'v1', 'DeleteOptions') : hostileValue(rng)),
      );
      return {
        method: 'DELETE',
        path: query(rng, rng.chance(0.8) ? item : collection),
        type: 'application/json',
        body,
      };
    }
    case 8:
      return { method: 'GET', path: query(rng, rng.chance(0.3) ? item : collection) };
    default:
      return rng.chance(0.3)
        ? { method: 'GET', path: `${query(rng, collection)}&watch=true`, isWatch: true }
        : {
            method: rng.pick(['GET', 'POST', 'PUT', 'DELETE']),
            path: mutateText(rng, item).replaceAll(/[\0-\x20\x7f-\uffff]/g, '%'),
          };
  }
}

/** Right, nearly right, made up of the right types, or of anything. */
function objectFor(rng: Rng, { group, version, kind }: ResourceDefinition): Record<string, unknown> {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const good = corpus.filter((object) => object['kind'] === kind && object['apiVersion'] === apiVersion);
  const object = good.length > 0 && rng.chance(0.7) ? { ...rng.pick(good) } : objectOf(rng, apiVersion, kind);
  return rng.chance(0.5) ? object : (mutateValue(rng, object) as Record<string, unknown>);
}

function bodyOf(rng: Rng, definition: ResourceDefinition): { readonly type: string; readonly body: Buffer } {
  const object = objectFor(rng, definition);
  const maybe = (bytes: Buffer) => (rng.chance(0.2) ? mutateBytes(rng, bytes) : bytes);
  const json = () => Buffer.from(JSON.stringify(object));
  const kindOfBody = rng.below(10);
  if (kindOfBody < 6) return { type: 'application/json', body: maybe(json()) };
  if (kindOfBody < 8) return { type: 'application/yaml', body: maybe(Buffer.from(formatYaml(object))) };
  return { type: protobuf, body: maybe(encodeProtobuf(object) ?? json()) };
}

function patchOf(rng: Rng, definition: ResourceDefinition): { readonly type: string; readonly body: Buffer } {
  const type = rng.pick(patchTypes);
  const object = objectFor(rng, definition);
  const body = Buffer.from(JSON.stringify(type === 'application/json-patch+json' ? jsonPatch(rng, object) : object));
  return { type, body: rng.chance(0.15) ? mutateBytes(rng, body) : body };
}

function jsonPatch(rng: Rng, object: unknown): unknown {
  const path = () =>
    rng.chance(0.15) ? rng.pick(['', '/', '/spec/containers/-', '/x~1y', '/~2', '//']) : pathInto(rng, object);
  const operation = () => ({
    op: rng.pick(['add', 'add', 'replace', 'remove', 'move', 'copy', 'test', 'boom']),
    path: path(),
    ...(rng.chance(0.5) ? { from: path() } : {}),
    ...(rng.chance(0.8) ? { value: hostileValue(rng) } : {}),
  });
  const operations = Array.from({ length: 1 + rng.few(8) }, operation);
  return rng.chance(0.1) ? mutateValue(rng, operations) : operations;
}

/** A JSON pointer to something that is there, or next to it. */
function pathInto(rng: Rng, value: unknown): string {
  if (typeof value !== 'object' || value === null || rng.chance(0.2)) return '';
  const keys = Object.keys(value);
  if (keys.length === 0 || rng.chance(0.05)) return '/new';
  const key = rng.pick(keys);
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}${pathInto(rng, (value as Record<string, unknown>)[key])}`;
}

const parameters: Readonly<Record<string, readonly string[]>> = {
  labelSelector: ['app=a', 'app in (a,b),!x', 'a>1', 'app notin ()', 'a=b,c==d,e!=f', ' , ', '(((('],
  fieldSelector: ['metadata.name=a', 'spec.nodeName!=b', 'metadata.namespace=\\', 'a=b=c', 'status.phase=Running,x'],
  limit: ['1', '0', '-1', '99999999999999999999', 'x'],
  continue: ['', 'AAAA', 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0', '{}'],
  resourceVersion: ['0', '1', '-1', '1e9', 'x', '99999999999'],
  resourceVersionMatch: ['Exact', 'NotOlderThan', 'boom'],
  dryRun: ['All', 'x'],
  fieldManager: ['fuzz', 'fuzz', 'other', 'x'.repeat(200), '\u0001'],
  fieldValidation: ['Strict', 'Warn', 'Ignore', 'boom'],
  force: ['true', 'true', 'false', '1', 'x'],
  gracePeriodSeconds: ['0', '-1', '30', 'x'],
  propagationPolicy: ['Foreground', 'Orphan', 'boom'],
  timeoutSeconds: ['1', '-1', 'x'],
  sendInitialEvents: ['true', 'false', 'x'],
  includeObject: ['None', 'Object', 'boom'],
  pretty: ['true'],
};

function query(rng: Rng, path: string): string {
  if (rng.chance(0.6)) return `${path}?fieldManager=${rng.pick(['fuzz', 'other'])}`;
  const chosen = Object.keys(parameters).filter(() => rng.chance(0.12));
  const pairs = chosen.map((name) => {
    const value = rng.pick(parameters[name]!);
    return `${name}=${encodeURIComponent((rng.chance(0.3) ? mutateText(rng, value) : value).toWellFormed())}`;
  });
  return `${path}?${pairs.join('&')}`;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { StatusError } from '../../api/index.ts';
import { decodeProtobuf } from './decode.ts';
import { messages } from './messages.ts';

/** Bodies that kubectl 1.33 sends. */
const sent = {
  'create namespace shop': 'azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhwKFAoEc2hvcBIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==',
  'create configmap c --from-literal=a=b': 'azhzAAoPCgJ2MRIJQ29uZmlnTWFwEhsKEQoBYxIAGgAiACoAMgA4AEIAEgYKAWESAWIaACIA',
  'create secret generic s --from-literal=a=b':
    'azhzAAoMCgJ2MRIGU2VjcmV0Eh0KEQoBcxIAGgAiACoAMgA4AEIAEgYKAWESAWIaABoAIgA=',
  'create deployment d --image=x --port=80 -r 2':
    'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EqcBChsKAWQSABoAIgAqADIAOABCAFoICgNhcHASAWQSeggCEgoKCAoDYXBwEgFkGmIKGgoAEgAaACIAKgAyADgAQgBaCAoDYXBwEgFkEkQSJgoBeBIBeCoAMgoKABAAGFAiACoAQgBqAHIAgAEAiAEAkAEAogEAGgAyAEIASgBSAFgAYABoAIIBAIoBAJoBAMIBACICCgAoADgAGgwIABAAGAAgACgAOAAaACIA',
  'create pdb x --min-available=50% --selector=a=b':
    'azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSNgoRCgF4EgAaACIAKgAyADgAQgASFQoJCAEQABoDNTAlEggKBgoBYRIBYhoKCAAYACAAKAAwABoAIgA=',
  'create quota x --hard=cpu=1':
    'azhzAAoTCgJ2MRINUmVzb3VyY2VRdW90YRIjChEKAXgSABoAIgAqADIAOABCABIMCgoKA2NwdRIDCgExGgAaACIA',
};
const decode = (name: keyof typeof sent) => decodeProtobuf(Buffer.from(sent[name], 'base64'));

test('what kubectl create sends reads as the JSON it stands for', () => {
  assert.deepEqual(decode('create namespace shop'), {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop' },
    spec: {},
    status: {},
  });
  assert.deepEqual(decode('create configmap c --from-literal=a=b').data, { a: 'b' });
  assert.deepEqual(decode('create secret generic s --from-literal=a=b').data, { a: 'Yg==' });
  assert.deepEqual(decode('create quota x --hard=cpu=1').spec, { hard: { cpu: '1' } });
  assert.deepEqual(decode('create pdb x --min-available=50% --selector=a=b').spec, {
    minAvailable: '50%',
    selector: { matchLabels: { a: 'b' } },
  });
  assert.deepEqual(decode('create deployment d --image=x --port=80 -r 2').spec, {
    replicas: 2,
    selector: { matchLabels: { app: 'd' } },
    template: {
      metadata: { labels: { app: 'd' } },
      spec: { containers: [{ name: 'x', image: 'x', ports: [{ containerPort: 80 }], resources: {} }] },
    },
    strategy: {},
  });
});

/** runtime.Unknown of a kind with these raw bytes; everything shorter than 128 bytes. */
function envelope(kind: string, raw: readonly number[]): Buffer {
  const typeMeta = [0x0a, 2, ...Buffer.from('v1'), 0x12, kind.length, ...Buffer.from(kind)];
  return Buffer.from([...Buffer.from('k8s\0'), 0x0a, typeMeta.length, ...typeMeta, 0x12, raw.length, ...raw]);
}

/** PodSpec { volumes [{ name, volumeSource { emptyDir {} } }], terminationGracePeriodSeconds, tolerations } */
test('messages that Go embeds have no name of their own in JSON', () => {
  const volume = [0x0a, 1, 0x76, 0x12, 2, 0x12, 0];
  const spec = [0x0a, volume.length, ...volume, 0x20, 0];
  const pod = decodeProtobuf(envelope('Pod', [0x12, spec.length, ...spec]));
  assert.deepEqual(pod.spec, { volumes: [{ name: 'v', emptyDir: {} }], terminationGracePeriodSeconds: 0 });
});

test('pointers keep their zero: a grace period of 0 is not no grace period', () => {
  assert.equal(decodeProtobuf(envelope('DeleteOptions', [0x08, 0])).gracePeriodSeconds, 0);
  const minusOne = [0x08, ...Array<number>(9).fill(0xff), 0x01];
  assert.equal(decodeProtobuf(envelope('DeleteOptions', minusOne)).gracePeriodSeconds, -1);
});

test('what is not known is refused, not dropped', () => {
  assert.throws(() => decodeProtobuf(envelope('Gadget', [])), { reason: 'UnsupportedMediaType' });
  const unknownField = envelope('Namespace', [0x7a, 1, 0x61]);
  assert.throws(() => decodeProtobuf(unknownField), {
    reason: 'UnsupportedMediaType',
    message: /field 15 of core\/v1\.Namespace/,
  });
  // Go writes empty fields of newer clients too.
  assert.equal(decodeProtobuf(envelope('Namespace', [0x7a, 0])).kind, 'Namespace');
});

test('every message that the table names is in it', () => {
  const scalar = new Set(['string', 'int', 'bool', 'bytes', 'time', 'quantity', 'intOrString']);
  for (const [name, fields] of Object.entries(messages))
    for (const field of Object.values(fields)) {
      const type = field.split(' ').at(-1)!.replace(/[?!]$/, '');
      assert.ok(scalar.has(type) || type in messages, `${name}: ${field}`);
    }
});

test('garbage is a bad request, whatever it is', () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 100 }).map((raw) => envelope('ConfigMap', [...raw])),
    fc.tuple(fc.constantFrom(...Object.values(sent)), fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
      const body = Buffer.from(text, 'base64');
      body[at % body.length] = byte;
      return body;
    }),
  );
  fc.assert(
    fc.property(bodies, (body) => {
      try {
        decodeProtobuf(body);
      } catch (error) {
        assert.ok(error instanceof StatusError, String(error));
      }
    }),
  );
});

// GET pods/NAME/log. Simulated nodes run no process and keep no log; nodes with a real runtime will answer here.
import { type Pod, StatusError } from '../../../api/index.ts';
import { getObject } from '../../verbs/read.ts';
import type { Subresource } from '../definition.ts';

export const logSubresource: Subresource = {
  kind: 'Pod',
  verbs: ['get'],
  async handle({ server, definition }, { namespace, name = '' }) {
    const pod = (await getObject(server, definition, namespace, name)) as Pod;
    const node = pod.spec.nodeName ?? '';
    throw new StatusError(
      'BadRequest',
      node === ''
        ? `pod ${name} does not have a host assigned`
        : `pod ${name} runs on the simulated node ${node}, which starts no process and keeps no log`,
    );
  },
};

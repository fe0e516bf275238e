// PUT namespaces/NAME/finalize: the namespace controller's last word. Changes spec.finalizers and nothing else.
import type { Namespace } from '../../api/index.ts';
import { decodeBody, settleName } from '../verbs/body.ts';
import { metadataForUpdate } from '../verbs/metadata.ts';
import { isDryRun } from '../verbs/parameters.ts';
import { rewrite } from '../verbs/rewrite.ts';
import type { Subresource } from './definition.ts';

export const finalizeSubresource: Subresource = {
  kind: 'Namespace',
  verbs: ['update'],
  async handle(context, request) {
    const wanted = settleName(decodeBody(context.definition, request.body), request) as Namespace;
    const target = { namespace: undefined, name: request.name ?? '', dryRun: isDryRun(request.query) };
    const { object } = await rewrite(context, target, (before) => {
      // For the optimistic lock alone: metadata stays as it is.
      metadataForUpdate(wanted, before, context);
      const finalizers = wanted.spec?.finalizers ?? [];
      const next = { ...before, spec: { ...(before as Namespace).spec, finalizers } } as Namespace;
      context.definition.schema.validateUpdate(next, before);
      return next;
    });
    return { code: 200, body: object };
  },
};

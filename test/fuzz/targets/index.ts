// Every surface that is fuzzed; each target stands in the file named after it.
import type { Target } from '../support/target.ts';
import { apiServer } from './api-server.ts';
import { protobufReader, views, watchStream } from './client.ts';
import { argumentsOf, kubeconfigs, manifests, quantities, rules, selectors, yaml } from './words.ts';

export const targets: readonly Target[] = [
  apiServer,
  protobufReader,
  watchStream,
  views,
  selectors,
  quantities,
  yaml,
  kubeconfigs,
  manifests,
  argumentsOf,
  rules,
];

// All defaults by type: what the walk fills in after it has checked a struct's fields.
import type { Defaulter } from '../walk.ts';
import { apiextensionsDefaults } from './apiextensions.ts';
import { coreDefaults } from './core.ts';
import { podDefaults } from './pods.ts';
import { storedDefaults } from './stored.ts';
import { volumeDefaults } from './volumes.ts';
import { workloadDefaults } from './workloads.ts';

export const defaults: ReadonlyMap<string, Defaulter> = new Map(
  Object.entries({
    ...podDefaults,
    ...volumeDefaults,
    ...workloadDefaults,
    ...coreDefaults,
    ...apiextensionsDefaults,
    ...storedDefaults,
  }),
);

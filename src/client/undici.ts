// The parts of undici that we use, loaded by themselves: the whole library takes 20 MB more, and a controller that runs
// on every cluster for months has no use for the rest (fetch, caches, mocks). Its files have no types of their own.
import { createRequire } from 'node:module';
import type { buildConnector as BuildConnector, errors as Errors, Pool as UndiciPool } from 'undici';

const load = createRequire(import.meta.url);

export const Pool = load('undici/lib/dispatcher/pool.js') as typeof UndiciPool;
export const buildConnector = load('undici/lib/core/connect.js') as typeof BuildConnector;
export const errors = load('undici/lib/core/errors.js') as typeof Errors;

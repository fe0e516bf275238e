import type { Target } from '../support/target.ts';
import { apiServer } from './api-server.ts';

export const targets: readonly Target[] = [apiServer];

// startCluster(): store, API server, controllers and simulated nodes as one process. Wires the rooms together and
// stops them in order; decides nothing.
import type { Resource } from '../api/index.ts';
import { startSimulatedFleet, type MisbehaviourRule } from '../agent/index.ts';
import { type ApiServer, createApiServer, type ListeningApiServer, listenApiServer } from '../apiserver/index.ts';
import type { Client } from '../client/index.ts';
import type { Clock, Random } from '../machinery/index.ts';
import type { Logger } from '../observe/index.ts';
import { openMemoryStore, openSqliteStore, type Store } from '../store/index.ts';

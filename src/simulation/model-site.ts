// The first mode: the model API server, and in place of everything else that works on a cluster the fleet (nodes,
// scheduler, collector of lost pods) and the garbage collector, as plain models that write straight to the server.
import { collectGarbage } from './collector.ts';
import { Fleet } from './fleet.ts';
import { ModelServer } from './model-server.ts';
import { createNetwork } from './network.ts';
import type { Request } from './requests.ts';
import type { Hands, Site, SiteContext } from './site.ts';

/** The others' components look at the world this long after something changed. */
const reactionMsMax = 250;

export function createModelSite({ clock, random, conditions, monitor, effect, committed }: SiteContext): Site {
  /** The controller's request that is taking effect. */
  let current: Request | undefined;
  let writes = 0;
  const server = new ModelServer({
    clock,
    random: random('uids'),
    committed(change) {
      if (change.resource !== 'leases') writes++;
      committed(change, change.actor.startsWith('controller') ? current : undefined);
    },
  });
  const reaction = random('reaction');
  let reactAt = Number.POSITIVE_INFINITY;
  let disarm = () => {};
  const arm = (at: number) => {
    if (at >= reactAt) return;
    disarm();
    reactAt = at;
    disarm = clock.after(at - clock.now(), () => {
      reactAt = Number.POSITIVE_INFINITY;
      collectGarbage(server);
      const next = fleet.tick();
      if (next !== undefined) arm(Math.max(next, clock.now() + 1));
    });
  };
  const stir = () => arm(clock.now() + 1 + Math.floor(reaction.next() * reactionMsMax));
  const fleet = new Fleet({ server, clock, random: random('fleet'), stir });
  return {
    archive: server,
    user: handsOf(server),
    nodes: fleet,
    start: () => Promise.resolve(),
    definePolicies: () => Promise.resolve(),
    connect: (line) =>
      createNetwork(
        {
          ...line,
          clock,
          conditions,
          monitor: {
            ...monitor,
            arrives(request) {
              current = request;
              monitor.arrives(request);
              effect(request);
            },
          },
        },
        server,
      ),
    // Only controllers' clocks are set here: API server and agents are elsewhere.
    setClock() {},
    now: () => clock.now(),
    compact: () => server.compact(),
    restart(forMs) {
      conditions.downUntil = clock.now() + forMs;
    },
    awayMs: 0,
    stir,
    failure: undefined,
    get writes() {
      return writes;
    },
    stop: () => Promise.resolve(),
  };
}

const user = 'user';

function handsOf(server: ModelServer): Hands {
  return {
    create: (resource, object) => Promise.resolve(server.create(user, resource, object)),
    update: (resource, object, options) => Promise.resolve(server.update(user, resource, object, options)),
    delete: (resource, namespace, name, options) =>
      Promise.resolve(server.delete(user, resource, namespace, name, options)),
  };
}

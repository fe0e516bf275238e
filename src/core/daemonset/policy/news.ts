// What a stage of a rollout is to its users: the events that go with the status that was just written.
import type { RolloutPolicyStatus } from '../../../api/index.ts';

export interface News {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'RolloutHeld' | 'RolloutRolledBack' | 'RolloutProven' | 'WaveOpened';
  readonly message: string;
}

/** @param before the status as it was, if there was one */
export function newsOf(before: RolloutPolicyStatus | undefined, next: RolloutPolicyStatus): readonly News[] {
  const { phase, revision, provenRevision: proven, openWaves = 0, waves = [], message = '' } = next;
  const news: News[] = [];
  if (phase !== before?.phase && phase === 'Held') news.push({ type: 'Warning', reason: 'RolloutHeld', message });
  if (phase !== before?.phase && phase === 'RolledBack')
    news.push({ type: 'Warning', reason: 'RolloutRolledBack', message });
  if (proven === undefined) return news;
  const isOpened = before?.revision !== revision || openWaves !== before?.openWaves;
  if (proven === revision && proven !== before?.provenRevision)
    news.push({ type: 'Normal', reason: 'RolloutProven', message: `revision ${revision} is proven` });
  else if (proven !== revision && isOpened) {
    const wave = waves[openWaves - 1]?.name;
    news.push({ type: 'Normal', reason: 'WaveOpened', message: `wave ${wave} is open for revision ${revision}` });
  }
  return news;
}

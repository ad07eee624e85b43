import type { OrderLife } from '../order/life.ts';

/** What an order is doing, or what it waits for; null for one that does neither. */
export function progressOf(life: OrderLife): string | null {
  if (life.status === 'parked')
    return life.why ?? `waits for ${life.waitingFor ?? 'nothing'}${life.until === null ? '' : ` until ${life.until}`}`;
  if (life.status !== 'running') return null;
  if (life.landing !== null) return 'landing';
  if (life.executed !== null) return 'checked, waiting to land';
  if (life.mission !== null) {
    const { open, history } = life.mission;
    const done = history.filter(({ kind }) => kind === 'stepped').length;
    return open === null
      ? `mission: ${done} steps done`
      : `mission: step ${open.n}, ${open.step}${open.agent === null ? '' : ` by ${open.agent}`}`;
  }
  if (life.commandsBegun > 0) return `running, command ${life.commandsBegun}`;
  return 'started';
}

import type { MissionBegun } from '../../order/mission.ts';
import type { BudgetKey, Mission } from '../../order/order.ts';
import type { MissionRules } from '../../policy/missions/rules.ts';
import type { Chain } from '../../spine/chain.ts';

/** How the steps of a mission go: the same after every stop, as long as policy is the same. */
export interface MissionJob {
  readonly mission: Mission;
  readonly chain: Chain;
  /** What policy makes of it. */
  readonly rules: MissionRules;
  readonly begun: MissionBegun;
  /** Patterns of what it may change, and of what it may not in any case. */
  readonly envelope: readonly string[];
  readonly protected: readonly string[];
  /** What it may use up, without what people raised. */
  readonly limits: Readonly<Record<BudgetKey, number | null>>;
}

import type { html } from 'hono/html';
import type { Station } from '../station/station.ts';
import type { Records } from '../views/records.ts';
import type { StartedAt } from './gate/started-at.ts';

/** HTML in which everything that was put in is escaped. */
export type Html = ReturnType<typeof html>;

/** Where a page stands in the navigation. */
export type Place = 'overview' | 'orders' | 'approvals' | 'missions' | 'guardrail' | 'telemetry' | 'charts' | null;

/** Who looks, and what they may do. */
export interface Visitor {
  /** Whether actions are open to them: they brought the token. */
  readonly mayAct: boolean;
  /** Where the dashboard was started: only one that was at a terminal decides. */
  readonly startedAt: StartedAt;
  /** The field that each form must carry; empty where they may not act. */
  csrfField(): Html;
}

/** What every page is made from. */
export interface PageContext {
  readonly station: Station;
  readonly records: Records;
  readonly visitor: Visitor;
}

/** What was asked for: the parts of the path that the route names, and the query. */
export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/**
 * A page as it is now. Its regions are what may change: they are drawn again when records move, and those whose HTML is another one are sent to
 * whoever has the page open. So nothing in a region may differ without cause: times are absolute (parts/time.ts), order is stable.
 */
export interface View {
  readonly title: string;
  readonly place: Place;
  readonly regions: Readonly<Record<string, Html>>;
  /** The page around its regions; each comes wrapped, and is put in once. */
  frame(regions: Readonly<Record<string, Html>>): Html;
  /** 200 unless told. */
  readonly status?: 404 | 503;
  /** Where the page is instead: an address of ours. */
  readonly location?: string;
}

export type PageOf = (context: PageContext, asked: Asked) => Promise<View>;

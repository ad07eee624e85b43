import { ERROR_CODES, type ErrorCode, WaybillError } from '../../error.ts';
import { nearest } from '../../nearest.ts';
import { ERROR_CAUSES, THEMES } from './table.ts';

/** All that is known of a code, for whoever shows it. Paths are relative to Waybill's own folder. */
export interface ErrorPage {
  readonly code: ErrorCode;
  readonly theme: string;
  readonly what: string;
  readonly hint: string;
  /** Whether `retries` of an order apply. */
  readonly retryable: boolean;
  readonly causes: readonly string[];
  readonly cure: readonly string[];
  /** Pages of docs/, with the heading where there is one. */
  readonly see: readonly string[];
  readonly page: string;
}

/** What a code means, how it comes about and what mends it. */
export function errorPage(code: ErrorCode): ErrorPage {
  const { what, hint } = ERROR_CODES[code];
  const { causes, cure, see } = ERROR_CAUSES[code];
  return {
    code,
    theme: THEMES.find((theme) => code in theme.causes)?.title ?? '',
    what,
    hint,
    retryable: new WaybillError(code, '').retryable,
    causes,
    cure,
    see: see.map((path) => `docs/${path}`),
    page: pageOf(code),
  };
}

/** Where the page of a code stands. */
export function pageOf(code: ErrorCode): string {
  return `docs/errors/${code}.md`;
}

/** The code that a person means, in any case and with dashes; where there is none, the nearest. */
export function findCode(text: string): { readonly code: ErrorCode | null; readonly nearest: ErrorCode | null } {
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  const upper = text.toUpperCase().replaceAll('-', '_');
  const code = codes.find((known) => known === upper) ?? null;
  const near = nearest(
    text,
    codes.map((known) => known.toLowerCase()),
  );
  return { code, nearest: code ?? codes.find((known) => known === near?.toUpperCase()) ?? null };
}

import type { WaybillError } from '../../order/error.ts';

/** What a machine asked for, as the command line prints it with --json and /api/v1 sends it: the same functions, the same bytes. */
export type Answer = object;

/** What was asked besides: options of the command line, or the query of an address, by the option's name. */
export type Given = Readonly<Record<string, unknown>>;

/** The text of an answer: one JSON object, versioned. */
export function answerText(answer: Answer): string {
  return `${JSON.stringify({ v: 1, ...answer }, null, 2)}\n`;
}

/** The answer where there is none. */
export function refusal({ code, message, hint, place }: WaybillError): Answer {
  return { ok: false, error: { code, message, hint, ...place } };
}

/**
 * Whether a trace is among the share that is kept: 1 for all, 0 for none. The trace's id alone decides, in the way of OpenTelemetry's own
 * TraceIdRatioBased sampler for JavaScript, so that all who know the id agree.
 */
export function isSampled(traceId: string, ratio: number): boolean {
  if (ratio >= 1) return true;
  let mixed = 0;
  for (let at = 0; at < 32; at += 8) mixed = (mixed ^ Number.parseInt(traceId.slice(at, at + 8), 16)) >>> 0;
  return mixed < Math.floor(ratio * 0xffffffff);
}

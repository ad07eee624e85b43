/** Aborted when the process is asked to stop (SIGINT, SIGTERM). Asked twice it ends at once: recovery does the rest. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // `on`, not `once`: execa's signal-exit ends the process at once when nobody else listens while a git child runs
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
      stop.abort(signal);
    });
  }
  return stop.signal;
}

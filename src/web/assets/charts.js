// Draws the figures of the charts page with uPlot. The tables beside them say the same without it.
(() => {
  const root = document.querySelector('[data-charts]');
  if (!root || typeof uPlot === 'undefined') return;
  const HEIGHT = 230;
  /** So often figures are asked for, in ms: at most, when records move, and at least, because time moves too. */
  const [SOONEST, LATEST] = [1500, 15_000];

  // ---- colours are the page's own, also after it turns dark
  const probe = document.createElement('span');
  probe.hidden = true;
  root.append(probe);
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const OWN = ['chart-1', 'chart-2', 'chart-3', 'chart-4', 'chart-5'];
  const colourOf = (name, i) => (name === 'other' ? 'quiet' : (OWN[i] ?? 'quiet'));

  // ---- words
  const round = (n) => String(Number(n.toPrecision(2)));
  function span(seconds) {
    if (seconds == null) return '–';
    if (seconds < 0.0015) return '0 s';
    if (seconds < 1) return `${round(seconds * 1000)} ms`;
    if (seconds < 100) return `${round(seconds)} s`;
    if (seconds < 6000) return `${round(seconds / 60)} min`;
    return seconds < 172_800 ? `${round(seconds / 3600)} h` : `${round(seconds / 86_400)} d`;
  }
  const short = (n) => {
    if (n == null) return '–';
    const [size, unit] = [
      [1e9, 'G'],
      [1e6, 'M'],
      [1e3, 'k'],
    ].find(([least]) => n >= least) ?? [1, ''];
    return `${Number((n / size).toPrecision(3))}${unit}`;
  };
  const dollars = (n) => (n == null ? '–' : `$${n >= 100 ? Math.round(n) : Number(n.toPrecision(3))}`);

  // ---- what each chart shows, of what the server sent
  const SHAPES = {
    orders: (d) =>
      stacked(
        ['done', 'failed', 'rejected', 'cancelled'].map((name) => [name, d.orders[name], name]),
        short,
        [['received', d.orders.received, 'ready']],
      ),
    waiting: (d) => percentiles(d.waiting),
    running: (d) => percentiles(d.running),
    failures: (d) =>
      stacked(
        d.failures.map(({ name, counts }, i) => [name, counts, colourOf(name, i)]),
        short,
      ),
    tokens: (d) =>
      stacked(
        d.usage.map(({ name, tokens }, i) => [name, tokens, colourOf(name, i)]),
        short,
      ),
    usd: (d) =>
      stacked(
        d.usage.map(({ name, usd }, i) => [name, usd, colourOf(name, i)]),
        dollars,
      ),
  };

  /** Bars on each other: drawn from the highest down, so that each hides what is below it. */
  function stacked(rows, text, lines = []) {
    const sums = (rows[0]?.[1] ?? []).map(() => 0);
    const bars = rows.map(([label, values, name]) => {
      const tops = values.map((n, i) => {
        sums[i] += n;
        return sums[i] || null;
      });
      return { label, values, tops, name };
    });
    return {
      text,
      series: [
        ...bars.reverse().map(({ label, values, tops, name }) => ({ label, values, data: tops, name, bars: true })),
        ...lines.map(([label, values, name]) => ({ label, values, data: values, name })),
      ],
    };
  }

  function percentiles({ p50, p90, p99 }) {
    const row = (label, values, name, dash) => ({
      label,
      values,
      data: values.map((n) => (n === null ? null : Math.max(0.001, n))),
      name,
      dash,
      points: true,
    });
    return {
      text: span,
      log: true,
      series: [row('p50', p50, 'done'), row('p90', p90, 'ready', [6, 3]), row('p99', p99, 'parked', [2, 3])],
    };
  }

  // ---- drawing
  const drawn = new Map();
  let data = null;

  function draw(place) {
    const shape = SHAPES[place.dataset.chart](data);
    const columns = [data.at, ...shape.series.map((row) => row.data)];
    const like = JSON.stringify(shape.series.map(({ label }) => label));
    const before = drawn.get(place);
    if (before?.like === like) {
      before.shape = shape;
      before.plot.setData(columns);
      return;
    }
    before?.plot.destroy();
    const state = { like, shape, plot: null };
    drawn.set(place, state);
    state.plot = new uPlot(optionsOf(place, state), columns, place);
  }

  function optionsOf(place, state) {
    const { shape } = state;
    const [ink, line, font] = [colour('soft'), colour('line'), `12px ${getComputedStyle(root).fontFamily}`];
    const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const amounts = { ...axis, size: 62, values: (_, ticks) => ticks.map((n) => (n == null ? '' : shape.text(n))) };
    // orders and tokens come whole
    if (shape.text === short) amounts.incrs = WHOLE;
    // on a scale of powers: at times that people know
    if (shape.log)
      Object.assign(amounts, { filter: (_, splits) => splits, splits: (_, __, low, high) => between(low, high) });
    return {
      width: place.clientWidth,
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      cursor: { y: false, drag: { x: false, y: false } },
      scales: { x: { range: () => [data.at[0] - data.step / 2, data.at.at(-1) + data.step / 2] }, y: scaleOf(shape) },
      axes: [
        { ...axis, size: 32, values: (_, ticks, __, ___, step) => ticks.map((at) => tickText(at, step)) },
        amounts,
      ],
      series: [
        { label: 'UTC', value: (_, seconds) => (seconds == null ? '–' : timeText(seconds)) },
        ...shape.series.map((row, i) => ({
          label: row.label,
          stroke: colour(row.name),
          fill: row.bars ? colour(row.name) : undefined,
          width: row.bars ? 0 : 1.5,
          dash: row.dash,
          paths: row.bars ? uPlot.paths.bars({ size: [0.8, 40] }) : undefined,
          points: { show: Boolean(row.points), size: 5 },
          value: (_, __, ___, at) => (at == null ? '–' : state.shape.text(state.shape.series[i].values[at])),
        })),
      ],
    };
  }

  const WHOLE = Array.from({ length: 40 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));
  const KNOWN = [0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 21_600, 86_400, 604_800, 6_048_000, 60_480_000];
  const between = (low, high) => KNOWN.filter((n) => n >= low && n <= high);

  function scaleOf({ log }) {
    if (!log) return { range: (_, __, high) => [0, high > 0 ? high * 1.05 : 1] };
    const range = (_, low, high) =>
      low == null ? [0.1, 60] : [KNOWN.findLast((n) => n < low) ?? 0.001, KNOWN.find((n) => n > high) ?? high * 2];
    return { distr: 3, range };
  }

  function tickText(seconds, step) {
    const text = new Date(seconds * 1000).toISOString();
    const isDay = step >= 86_400 || seconds % 86_400 === 0;
    return isDay ? text.slice(5, 10) : text.slice(11, 16);
  }

  function timeText(seconds) {
    const text = new Date(seconds * 1000).toISOString().replace('T', ' ');
    return data.step >= 86_400 ? text.slice(0, 10) : text.slice(0, 16);
  }

  function drawAll() {
    if (data === null) return;
    for (const place of root.querySelectorAll('[data-chart]')) {
      const isNothing = SHAPES[place.dataset.chart](data).series.every((row) => row.values.every((n) => !n));
      place.closest('section').classList.toggle('nothing', isNothing);
      if (!isNothing) draw(place);
    }
  }

  function again() {
    for (const { plot } of drawn.values()) plot.destroy();
    drawn.clear();
    drawAll();
  }

  // ---- figures
  let askedAt = 0;
  let timer = null;
  async function ask() {
    clearTimeout(timer);
    timer = setTimeout(ask, LATEST);
    askedAt = Date.now();
    if (document.hidden) return;
    try {
      const answer = await fetch(root.dataset.charts);
      if (!answer.ok) return;
      data = await answer.json();
    } catch {
      return; // the page says that it is not connected
    }
    drawAll();
  }
  function soon() {
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(0, askedAt + SOONEST - Date.now()));
  }

  document.addEventListener('region', soon);
  document.addEventListener('visibilitychange', () => !document.hidden && soon());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
  new ResizeObserver(() => {
    for (const [place, { plot }] of drawn)
      if (place.clientWidth > 0 && place.clientWidth !== plot.width)
        plot.setSize({ width: place.clientWidth, height: HEIGHT });
  }).observe(root);
  void ask();
})();

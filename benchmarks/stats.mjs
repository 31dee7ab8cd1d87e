// Statistics of repeated measurements: median, spread, and the ratio to what was measured beside them.

export function median(values) {
  return quantile(values, 0.5);
}

/** The value below which `share` of the values are, interpolated. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** Slope of the least-squares line through `xs` and `ys`. */
export function slope(xs, ys) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const over = xs.reduce((sum, x, i) => sum + (x - mx) * (ys[i] - my), 0);
  const under = xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
  return over / under;
}

/** The exponent with which y grows with x: 1 is linear, 0 constant. */
export function exponent(xs, ys) {
  return slope(xs.map(Math.log), ys.map(Math.log));
}

const spread = (values) => ({
  value: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
  runs: values.length,
});

/**
 * A row of the table. `values` are the runs of a measure; `against` has the runs of a peer or limit, measured in
 * turns with them: the ratio is the median over runs. A goal is for the ratio if there is one, otherwise for the
 * value.
 */
export function row({ measure, unit, values, against, atMost, atLeast, note }) {
  const own = spread(values);
  const line = { measure, unit, ...own };
  let judged = own.value;
  if (against !== undefined) {
    const paired = against.values.length === values.length;
    const ratios = values.map((value, i) => value / (paired ? against.values[i] : median(against.values)));
    line.against = { what: against.what, unit: against.unit ?? unit, ...spread(against.values) };
    line.ratio = spread(ratios);
    judged = line.ratio.value;
  }
  const times = against === undefined ? '' : '×';
  if (atMost !== undefined) Object.assign(line, { goal: `≤ ${atMost}${times}`, met: judged <= atMost });
  if (atLeast !== undefined) Object.assign(line, { goal: `≥ ${atLeast}${times}`, met: judged >= atLeast });
  if (note !== undefined) line.note = note;
  return line;
}

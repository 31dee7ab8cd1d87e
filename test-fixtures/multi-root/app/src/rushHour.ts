export interface IntervalForecast {
  readonly minute: number;
  readonly guests: number;
}

/** One attendant serves a guest in this many seconds, measured over the last season. */
const SECONDS_PER_GUEST = 11;

/**
 * How many attendants the counter needs when the curtain falls, so that nobody queues for longer than
 * `patienceMinutes`. Everybody comes in the same ten minutes; an average over the evening would be of no use.
 */
export function staffForFinale(forecast: readonly IntervalForecast[], patienceMinutes: number): number {
  for (let staff = 1; staff < 50; staff++) {
    if (longestWaitMinutes(forecast, staff) <= patienceMinutes) return staff;
  }
  throw new RangeError('Not even fifty attendants would do; check the forecast');
}

function longestWaitMinutes(forecast: readonly IntervalForecast[], staff: number): number {
  const servedPerMinute = (60 / SECONDS_PER_GUEST) * staff;
  let queue = 0;
  let longest = 0;
  for (const { guests } of forecast) {
    queue = Math.max(0, queue + guests - servedPerMinute);
    longest = Math.max(longest, queue / servedPerMinute);
  }
  return longest;
}

import type { Log, LogFields, LogLevel } from '../../../shared/src/log.js';

export interface LogEvent {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields | undefined;
}

/** A log that remembers; `events` gives those of the named levels. */
export function recordingLog(): { log: Log; events: (...levels: LogLevel[]) => LogEvent[] } {
  const all: LogEvent[] = [];
  return {
    log: { write: (level, event, fields) => void all.push({ level, event, fields }) },
    events: (...levels) => all.filter(({ level }) => levels.includes(level)),
  };
}

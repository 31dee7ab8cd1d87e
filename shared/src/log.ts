export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Plain values that describe an event. Never source text. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A sink for structured events. `event` is a short dotted name such as `model.load`. */
export interface Log {
  write(level: LogLevel, event: string, fields?: LogFields): void;
}

export const nullLog: Log = { write: () => undefined };

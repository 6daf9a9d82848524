/** What a log line says. It must never contain a secret or a token. */
export type LogEntry = Readonly<Record<string, unknown>> & { readonly event: string };
export type Log = (entry: LogEntry) => void;

/** One line of JSON on standard output: whatever text a stranger sends, it cannot make a second line. */
export const logToStandardOutput: Log = (entry) => void process.stdout.write(`${JSON.stringify(entry)}\n`);

const LONGEST_TEXT = 64;

/** A text that comes from outside, cut to a length that cannot fill the log. */
export function cut(text: string): string {
  return text.slice(0, LONGEST_TEXT);
}

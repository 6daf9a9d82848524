/** Takes one line about what is going on. */
export type Report = (line: string) => void;

const INTERVAL_MILLISECONDS = 15_000;

/** Calls back every 15 seconds with the time elapsed, until the returned function is called. */
export function every(callback: (elapsed: string) => void): () => void {
  const start = Date.now();
  const timer = setInterval(() => callback(formatDuration(Date.now() - start)), INTERVAL_MILLISECONDS);
  return () => clearInterval(timer);
}

/** For example 45 s or 2 min 5 s. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

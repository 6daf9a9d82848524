/** What a quiet machine does in seconds takes a loaded one minutes: these only end what hangs. */
export const STEP_LIMIT_MILLISECONDS = 10 * 60_000;
export const TEST_LIMIT_MILLISECONDS = 2 * STEP_LIMIT_MILLISECONDS;

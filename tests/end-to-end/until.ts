import { setTimeout as delay } from "node:timers/promises";

import { STEP_LIMIT_MILLISECONDS } from "./limits.ts";

const POLL_MILLISECONDS = 50;

/**
 * Asks again and again until the answer is as wished.
 * @throws Error with the last answer, if that is not to be
 */
export async function until<T>(action: () => T | Promise<T>, isWished: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + STEP_LIMIT_MILLISECONDS;
  let answer = await action();
  while (!isWished(answer)) {
    if (Date.now() > deadline) {
      throw new Error(`waited in vain; the last answer was ${JSON.stringify(answer)}`);
    }
    await delay(POLL_MILLISECONDS);
    answer = await action();
  }
  return answer;
}

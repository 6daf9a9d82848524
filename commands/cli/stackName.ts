import { UsageError } from "./commandLine";

/** Also keeps the name from leaving the folder. */
export const STACK_NAME = /^[A-Za-z0-9._-]+$/;

export function checkStackName(stack: string): void {
  if (!STACK_NAME.test(stack)) {
    throw new UsageError(`A stack's name consists of letters, digits, dots, underscores and hyphens: --stack NAME`);
  }
}

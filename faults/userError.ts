/** The user can mend this error. Its message says everything, so a command prints it without a stack trace. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** @throws UserError with a headline, the faults, and what to do about them; nothing where there is no fault */
export function refuse(
  faults: readonly string[],
  headline = "Nothing was changed.",
  ...remedies: readonly string[]
): void {
  if (faults.length > 0) {
    throw new UserError([headline, ...faults, ...remedies].join("\n"));
  }
}

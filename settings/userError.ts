/** The user can mend this error. Its message says everything, so a command prints it without a stack trace. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

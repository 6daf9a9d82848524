/** An error whose message tells the user all there is to say: it is printed as it is, without a stack trace. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

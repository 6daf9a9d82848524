// The pipe on standard input closes when the process at its other end is gone, in whatever way.
const END_WITH_INPUT = `
exec 3<&0
"$@" 3<&- </dev/null & command=$!
( cat <&3; kill "$command" ) >/dev/null 2>&1 & watch=$!
wait "$command"; code=$?
kill "$watch"
exit "$code"`;

/** A command that ends with the process that starts it with a pipe as standard input, also where that one is killed. */
export function attached(command: readonly string[]): [string, ...string[]] {
  return ["sh", "-c", END_WITH_INPUT, "sh", ...command];
}

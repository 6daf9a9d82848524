/**
 * How a verb that changes something tells what it does. With `--json` its words stand on standard error, and one document
 * on standard output, at its end.
 */
export function teller({ json }: { readonly json?: true | undefined }) {
  return {
    say: (line: string): void => (json ? console.error(line) : console.log(line)),
    /** @param data what docs/json.md says of the verb */
    end: (data: object): void => {
      if (json) {
        console.log(JSON.stringify(data, undefined, 2));
      }
    },
  };
}

import { type Command, InvalidArgumentError, Option } from "commander";

import { stackNameOf } from "./stackName.ts";

/** An option of a command; without `value` it is a switch. */
export interface OptionSpec {
  readonly description: string;
  readonly short?: string;
  /** What stands for its value in the help; that of a stack is checked and shortened to its name. */
  readonly value?: string;
  readonly many?: boolean;
  readonly required?: boolean;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S extends { many: true }
  ? readonly string[]
  : S extends { value: string }
    ? string
    : true;

/** What the user typed, by the options' names. */
export type Values<O extends OptionSpecs> = {
  readonly [K in keyof O as O[K] extends { required: true } ? K : never]: ValueOf<O[K]>;
} & {
  readonly [K in keyof O as O[K] extends { required: true } ? never : K]?: ValueOf<O[K]> | undefined;
};

/** The value of an option that names a stack. */
export const STACK_VALUE = "STACK";

/** Declares options in the library for command lines; the function returned reads what was typed. */
export function declareOptions<O extends OptionSpecs>(command: Command, specs: O): () => Values<O> {
  const options = Object.entries(specs).map(([name, spec]) => [name, optionOf(name, spec)] as const);
  options.forEach(([, option]) => command.addOption(option));
  return () => {
    const given = options.map(([name, option]) => {
      const value: unknown = command.getOptionValue(option.attributeName());
      // The library reads `--no-overlap` as an `overlap` that is false.
      return [name, option.negate ? value === false || undefined : value] as const;
    });
    return Object.fromEntries(given) as Values<O>;
  };
}

function optionOf(name: string, { description, short, value, many = false, required = false }: OptionSpec): Option {
  const flags = `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` <${value}>`}`;
  const notes = [...(required ? ["required"] : []), ...(many ? ["may be said several times"] : [])];
  const option = new Option(flags, description + (notes.length === 0 ? "" : ` (${notes.join("; ")})`));
  if (value !== undefined) {
    option.argParser<unknown>((text, previous) => {
      const read = readValue(text, value);
      if (many) {
        return [...((previous as string[] | undefined) ?? []), read];
      }
      if (previous !== undefined) {
        throw new InvalidArgumentError("It is said twice.");
      }
      return read;
    });
  }
  return option.makeOptionMandatory(required);
}

/** An empty value comes from a shell's variable that is not set; one with a hyphen is the next option. */
function readValue(text: string, kind: string): string {
  if (text === "" || /^-./.test(text)) {
    throw new InvalidArgumentError("The value is missing.");
  }
  return kind === STACK_VALUE ? stackNameOf(text) : text;
}

import type { Fault } from "../../faults/faults.ts";
import type { OfflineSettings } from "../settings.ts";
import type { ConfigurationSource } from "../source.ts";

/** MAX_ARG_STRLEN of Linux: one variable with its name and the zero byte at its end. */
const MOST_BYTES = 131_072;
const VARIABLE = "PULUMI_CONFIG=";

/**
 * Pulumi's own words for a configuration that is too large come from the operating system and say nothing of customers.
 * They come before the program starts, so this is told by the commands and by whoever runs the program elsewhere.
 */
export function checkSize({ values: all, ownValues: values = all }: ConfigurationSource): Fault[] {
  const bytes = VARIABLE.length + bytesOf(values) + 1;
  if (bytes <= MOST_BYTES) {
    return [];
  }
  const [largest, largestBytes] = Object.entries(values)
    .map(([key, value]): [string, number] => [key, bytesOf({ [key]: value })])
    .reduce((most, one) => (one[1] > most[1] ? one : most), ["", 0]);
  return [
    {
      key: largest,
      rule: `must be shorter: the whole configuration of a stack must have at most ${number(MOST_BYTES)} bytes`,
      reason: "Pulumi hands it to the program in one environment variable, and Linux allows 128 KiB for each",
      value: `${number(bytes)} bytes in all, of which this key has ${number(largestBytes)}`,
      remedy:
        `save ${number(bytes - MOST_BYTES)} bytes: make a second stack on the same realm (scpcloud:realmStack) and ` +
        "move customers there (scpcloud move), as docs/many-customers.md shows; or remove retired ones",
    },
  ];
}

/** Pulumi saves the whole state at each step of an `up`, whose time so grows with the square of the customers. */
const ADVISED_CUSTOMERS = 200;

/** The advice for a stack that has many customers. */
export function adviceOnSize({ integrations }: Pick<OfflineSettings, "integrations">): string | undefined {
  return integrations.length > ADVISED_CUSTOMERS
    ? `This stack has ${number(integrations.length)} customers. Above ${ADVISED_CUSTOMERS}, several stacks on one realm ` +
        "are faster: see docs/many-customers.md."
    : undefined;
}

/** As Pulumi writes it: Go's JSON has no blanks, and spells out five characters of HTML and JavaScript. */
function bytesOf(values: ConfigurationSource["values"]): number {
  return Buffer.byteLength(JSON.stringify(values).replace(/[<>&\u2028\u2029]/g, "\\u0000"));
}

function number(value: number): string {
  return value.toLocaleString("en");
}

/**
 * What Pulumi and this program may read differently. Pulumi reads with yaml.v3, a mixture of YAML 1.1 and 1.2. The package
 * yaml reads by YAML 1.2. If one of the two takes a value for a number, a date, a switch or null, these functions do so too.
 */

const NUMBER =
  /^[-+]?(0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|\.inf|\.Inf|\.INF)$|^\.(nan|NaN|NAN)$/;
const DATE = /^\d{4}-\d\d?-\d\d?([Tt ].*)?$/;
const SWITCH_OR_NULL = /^(~|null|Null|NULL|true|True|TRUE|false|False|FALSE|)$/;

/** Whether Pulumi may hand it on otherwise than it is written: `012` becomes 10, and `?a` in a flow map becomes `a`. */
export function isChanged(plain: string): boolean {
  return isMarked(plain) || (isNumberOrDate(plain) && String(Number(plain)) !== plain);
}

/** What only one of the two takes, or each in its own way. */
const DISPUTED: readonly (readonly [RegExp, string])[] = [
  [/^ *(?:[-?:] *)*\t/m, "a tab where a line begins"],
  [/^ *:(?=\s)/m, "a line that begins with a colon"],
  [/\r(?!\n)|(?![\t\n\r])\p{Cc}|[\u2028\u2029]|(?<!^)\uFEFF/u, "a control character"],
  [/(?<!\\)(\\\\)*\\\//, "a slash behind a backslash"],
];

/** The first thing in a file that only one of the two readers takes, and its line. */
export function findDisputed(text: string): string | undefined {
  return DISPUTED.flatMap(([pattern, what]) => {
    const index = text.search(pattern);
    return index < 0 ? [] : [`${what}, in line ${text.slice(0, index).split("\n").length}`];
  })[0];
}
/** Whether it is anything but text. */
export function isNoText(plain: string): boolean {
  return SWITCH_OR_NULL.test(plain) || isMarked(plain) || isNumberOrDate(plain);
}

function isMarked(plain: string): boolean {
  return plain.startsWith("?");
}

function isNumberOrDate(plain: string): boolean {
  // In YAML 1.1, underscores group a number's digits.
  return DATE.test(plain) || (/^[-+.\d]/.test(plain) && NUMBER.test(plain.replaceAll("_", "")));
}

/**
 * How YAML reads what stands without quotes. Pulumi reads with yaml.v3, a mixture of YAML 1.1 and 1.2, and the package yaml
 * by YAML 1.2: what either takes for no text, these functions do.
 */

const NUMBER =
  /^[-+]?(0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|\.inf|\.Inf|\.INF)$|^\.(nan|NaN|NAN)$/;
const DATE = /^\d{4}-\d\d?-\d\d?([Tt ].*)?$/;
const SWITCH_OR_NULL = /^(~|null|Null|NULL|true|True|TRUE|false|False|FALSE|)$/;

/** Whether it is a number or a date that Pulumi may hand on otherwise than it is written: `012` becomes 10. */
export function isChanged(plain: string): boolean {
  return isNumberOrDate(plain) && String(Number(plain)) !== plain;
}

/** Whether it is anything but text. */
export function isNoText(plain: string): boolean {
  return SWITCH_OR_NULL.test(plain) || isNumberOrDate(plain);
}

function isNumberOrDate(plain: string): boolean {
  // In YAML 1.1, underscores group a number's digits.
  return DATE.test(plain) || (/^[-+.\d]/.test(plain) && NUMBER.test(plain.replaceAll("_", "")));
}

import { NO_PREVIEW, plain, readPreview } from "./preview.ts";
import { explainProtection } from "./protection.ts";

/** What an output of the CLI says of its failure: the errors of a preview as JSON, its diagnostics, or "error:" lines. */
export function diagnosticsOf(output: string): string[] {
  if (/^\s*\{/.test(output)) {
    const end = output.lastIndexOf("}") + 1;
    const { errors } = readPreview(output.slice(0, end));
    const outside = markedErrors(output.slice(end));
    // Half a preview is the consequence of what is told outside of it.
    const causing = errors.filter((error) => outside.length === 0 || error !== NO_PREVIEW);
    return linesOf([...new Set(causing)].concat(outside));
  }
  const section = /^Diagnostics:\n([\s\S]*?)(?=^\S|(?![\s\S]))/m.exec(output)?.[1];
  const said = section === undefined ? markedErrors(output) : causes(section);
  return linesOf(said.length > 0 ? said : [output]);
}

/** From the first "error:" on, as the reason may take several lines. */
function markedErrors(output: string): string[] {
  const first = output.search(/^ *error: /m);
  return first < 0 ? [] : causes(output.slice(first)).map(plain);
}

/** A provider that cannot log in says so once for each resource; what two errors have in common stays in both. */
function causes(output: string): string[] {
  return [...new Set(output.split(/^(?= *error: | +\S+ \(.+\):$)/m).map((part) => part.trimEnd()))];
}

function linesOf(texts: readonly string[]): string[] {
  const lines = explainProtection(texts.join("\n")).split("\n");
  return lines.map((line) => line.trimEnd()).filter((line) => line !== "");
}

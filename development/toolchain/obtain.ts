import { fingerprint } from "./layout";
import type { Report } from "../../processes/progress";
import { InterruptedError } from "../../processes/run";
import { type Part, type Source, SOURCES } from "./selection";

/** A part could not be had from any permitted source; the message says why, source by source. */
export class ToolchainError extends Error {
  constructor(title: string, reasons: readonly string[]) {
    super(
      [`${title} could not be obtained.`, ...reasons, "development/toolchain/README.md tells what can be done."].join(
        "\n",
      ),
    );
    this.name = "ToolchainError";
  }
}

/** What is to be obtained, and how. */
export interface Wanted {
  readonly title: string;
  /** The sources to try, in this order. */
  readonly candidates: readonly Source[];
  readonly filesOf: (source: Source) => string[];
  /** Obtains it from a source and returns its version; throws with the reason if it cannot. */
  readonly attempt: (source: Source) => Promise<string>;
}

/** Obtains a part from the first source that works. */
export async function obtain({ title, candidates, filesOf, attempt }: Wanted, report: Report): Promise<Part> {
  const reasons: string[] = [];
  for (const source of candidates) {
    try {
      const version = await attempt(source);
      const files = fingerprint(filesOf(source));
      if (files === undefined) throw new Error("its files are not where they should be");
      report(`${title}: ${version} (${source}).`);
      return { source, version, files };
    } catch (error) {
      if (error instanceof InterruptedError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      report(`${title}: ${source} not possible: ${reason}`);
      reasons.push(`${source}: ${reason}`);
    }
  }
  const skipped = SOURCES.filter((source) => !candidates.includes(source));
  if (skipped.length > 0) {
    reasons.push(`not tried, ruled out by SCPCLOUD_TOOLCHAIN or by the earlier choice: ${skipped.join(", ")}`);
  }
  throw new ToolchainError(title, reasons);
}

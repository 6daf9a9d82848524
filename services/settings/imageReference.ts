/** The parts of an image reference (distribution/reference, "Grammar"). */
export interface ImageReference {
  /** Registry, if any, and path. */
  readonly name: string;
  readonly tag?: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest?: string;
}

const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?\/)`;
const COMPONENT = String.raw`[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*`;
const REFERENCE = new RegExp(
  String.raw`^(?<name>${HOST}?${COMPONENT}(?:\/${COMPONENT})*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$`,
);

/** Undefined for what no engine would take for a reference. */
export function parseImage(reference: string): ImageReference | undefined {
  const { name, tag, digest } = REFERENCE.exec(reference)?.groups ?? {};
  return name === undefined
    ? undefined
    : { name, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

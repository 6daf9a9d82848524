import type { DockerEngine } from "../../services/engine/engineConnection";
import { hasImage, importImage } from "../docker/images";
import type { Report } from "../../processes/progress";
import { archiveOf, digestOf } from "./archive";
import { bundle, type Foundation, type ImageFile, readFoundation, USER_ID } from "./imageFiles";

/** The names of the images by service. */
export interface StandInImages {
  readonly bff: string;
  readonly api: string;
}

interface Image {
  readonly files: readonly ImageFile[];
  /** Lines as in a Dockerfile. */
  readonly changes: readonly string[];
}

/**
 * Makes the images of the stand-ins from this machine's Node.js, without any registry. The tag is a digest of all that is
 * in the image: what is there already is not made again, and a changed stand-in is never taken for an old one.
 */
export async function ensureImages(engine: DockerEngine, report: Report): Promise<StandInImages> {
  const foundation = await readFoundation();
  const ensure = (repository: string, service: string) =>
    ensureImage(engine, repository, imageOf(foundation, service), report);
  return {
    bff: await ensure("scpcloud-stand-ins/web-production-bff", "bff"),
    api: await ensure("scpcloud-stand-ins/production-api", "api"),
  };
}

function imageOf({ files, libraryPath }: Foundation, service: string): Image {
  const [program, health] = [bundle(service), bundle("health")];
  return {
    files: [...files, program, health],
    changes: [
      `USER ${USER_ID}`,
      "WORKDIR /app",
      `ENV LD_LIBRARY_PATH=${libraryPath}`,
      "EXPOSE 8080",
      // By this option Node.js heeds SSL_CERT_FILE, which tells a container of a private CA.
      `ENTRYPOINT ${JSON.stringify(["/bin/node", "--use-openssl-ca", program.path])}`,
      `HEALTHCHECK --interval=1s --timeout=30s --retries=60 CMD ${JSON.stringify(["/bin/node", health.path])}`,
    ],
  };
}

async function ensureImage(engine: DockerEngine, repository: string, image: Image, report: Report): Promise<string> {
  const tag = (await digestOf(image.files, image.changes)).slice(0, 12);
  const reference = `${repository}:${tag}`;
  if (!(await hasImage(engine, reference))) {
    report(`Making the image ${reference}.`);
    const { changes, files } = image;
    await importImage(engine, { repository, tag, changes, fileSystem: archiveOf(files) });
  }
  return reference;
}

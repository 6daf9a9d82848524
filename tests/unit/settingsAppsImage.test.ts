import { shown } from "../../settings/faults";
import { RULES } from "../../settings/rules";
import { DIGEST, withApps } from "./appsConfiguration";
import { accepted, faultsOf, keysOfFaults, onlyFault } from "./configuration";

const imageOf = (image: string) => withApps({ bff: { image }, requireDigest: false });

describe("an image", () => {
  test.each([
    "web-production-bff:1.4.2",
    `web-production-bff@${DIGEST}`,
    `web-production-bff:1.4.2@${DIGEST}`,
    `web-production-bff:latest@${DIGEST}`,
    "library/bff:1",
    "localhost/bff:1",
    "localhost:5000/bff:1",
    "registry.example.com/bff:1",
    "registry.example.com:443/team/sub__team/b-f--f.x_y:1.4.2-rc.1_A",
    "Registry.Example.com/bff:1",
    "127.0.0.1:5000/bff:_",
    `bff:${"a".repeat(128)}`,
  ])("may be %s", (image) => {
    expect(accepted(imageOf(image)).apps?.bff?.image).toBe(image);
  });

  test.each([
    "",
    " ",
    "BFF:1",
    "registry.example.com/Team/bff:1",
    "bff:1 ",
    "bff: 1",
    "bff:",
    "bff:-1",
    `bff:${"a".repeat(129)}`,
    "/bff:1",
    "bff/:1",
    "team//bff:1",
    "-bff:1",
    "b..ff:1",
    "b___ff:1",
    "https://registry.example.com/bff:1",
    "registry.example.com:port/bff:1",
    "bff:1:2",
    "bff@1.4.2",
    "bff@sha256:0123",
    `bff@${DIGEST.toUpperCase()}`,
    `bff@${DIGEST}0`,
    `bff@${DIGEST}:1.4.2`,
    "bff:1\n",
  ])("cannot be %j", (image) => {
    expect(faultsOf(imageOf(image))).toEqual([{ key: "scpcloud:apps.bff.image", ...RULES.image, value: shown(image) }]);
  });

  test.each(["bff", "team/bff", "registry.example.com:443/team/bff"])("must say which version: %s", (image) => {
    expect(onlyFault(imageOf(image))).toContain(
      "scpcloud:apps.bff.image\n  must have a tag or a digest,\n  because without one the engine takes the tag latest",
    );
  });

  test.each(["bff:latest", "registry.example.com:443/team/bff:latest"])("must say more than %s", (image) => {
    expect(onlyFault(imageOf(image))).toContain(
      "scpcloud:apps.bff.image\n  must not have the tag latest,\n  because nobody could tell from the stack file",
    );
  });
});

describe("the digest of an image", () => {
  test("is asked for where there is a tag alone", () => {
    expect(onlyFault(withApps({ bff: { image: "web-production-bff:1.4.2" } }))).toBe(
      [
        "scpcloud:apps.bff.image",
        "  must have a digest,",
        "  because a tag can be moved to another image after the review.",
        '  Found: "web-production-bff:1.4.2"',
        "  Do: append @sha256:… as docker push printed it, " +
          "or set requireDigest: false below scpcloud:apps where that may be",
      ].join("\n"),
    );
  });

  test("is asked for in each container", () => {
    const apps = { bff: { image: "bff:1" }, api: { image: "localhost:5000/api:2" }, requireDigest: true };
    expect(keysOfFaults(withApps(apps))).toEqual(["scpcloud:apps.api.image", "scpcloud:apps.bff.image"]);
    accepted(withApps({ ...apps, requireDigest: false }));
  });

  test("is enough without a tag", () => {
    accepted(withApps({ bff: { image: `bff@${DIGEST}` } }));
  });

  test("is not asked for besides where the reference is none, or has no version at all", () => {
    expect(faultsOf(withApps({ bff: { image: "BFF" } }))).toHaveLength(1);
    expect(faultsOf(withApps({ bff: { image: "bff" } }))).toHaveLength(1);
  });
});

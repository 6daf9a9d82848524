import * as pulumi from "@pulumi/pulumi";

import type { Integration } from "../../components/integration.ts";
import { stackOutputs } from "../../outputs.ts";
import { underMocks, valueOf } from "../mocks.ts";
import { accepted, configuration } from "./configuration.ts";

/** The credentials of a customer with this secret. Golden files have the other outputs, which show no secret. */
const credentialsFor = async (secret: string) => {
  const { result } = await underMocks(() => {
    const integration = {
      clientId: "acme",
      organizationId: "organization",
      clientSecret: pulumi.output(secret),
      serviceAccountUserId: pulumi.output("user"),
    };
    const { credentials } = stackOutputs(accepted(configuration()), [integration as unknown as Integration]);
    return valueOf(credentials as pulumi.Output<unknown>);
  });
  return result;
};

describe("the stack's outputs", () => {
  it("give the ready Authorization header, with both halves form-encoded, as Keycloak decodes them", async () => {
    expect(await credentialsFor("a+b %:ü")).toEqual({
      acme: {
        clientSecret: "a+b %:ü",
        basic: `Basic ${Buffer.from("acme:a%2Bb+%25%3A%C3%BC").toString("base64")}`,
      },
    });
  });

  it.each(["", "**********"])("have no credentials, rather than half of them, for the secret %j", async (secret) => {
    expect(await credentialsFor(secret)).toEqual({ acme: undefined });
  });
});

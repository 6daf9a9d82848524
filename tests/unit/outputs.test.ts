import * as pulumi from "@pulumi/pulumi";

import type { Integration } from "../../components/integration.ts";
import { ServiceConfiguration } from "../../components/serviceConfiguration.ts";
import { type Credentials, stackOutputs } from "../../outputs.ts";
import { readSettings } from "../../settings/read.ts";
import { underMocks, valueOf } from "../mocks.ts";
import { stackValues } from "../stackFile.ts";

const outputs = (clientSecret: string | undefined = "s3cret") =>
  underMocks(async () => {
    const settings = readSettings({
      ...stackValues("dev"),
      environment: { KEYCLOAK_CLIENT_SECRET: "the deployer's secret of the tests" },
    });
    const integration = {
      clientId: "acme",
      organizationId: "organization",
      clientSecret: pulumi.output(clientSecret),
      serviceAccountUserId: pulumi.output("user"),
    } as unknown as Integration;
    const result = stackOutputs(settings, [integration], new ServiceConfiguration("services", settings));
    const credentials = result["credentials"] as pulumi.Output<Record<string, Credentials>>;
    return {
      credentials: await valueOf(credentials),
      rest: await valueOf(pulumi.output({ ...result, credentials: undefined })),
    };
  });

describe("the stack's outputs", () => {
  it("lack what configures BFF and API where the stack has customers only", async () => {
    const { result } = await underMocks(() => {
      const settings = readSettings({ ...stackValues("dev"), environment: { KEYCLOAK_CLIENT_SECRET: "secret" } });
      return stackOutputs(settings, []);
    });

    expect(Object.keys(result)).toEqual(["issuer", "tokenEndpoint", "integrations", "credentials"]);
  });

  it("give the ready value of the Authorization header", async () => {
    expect((await outputs()).result.credentials).toEqual({
      acme: { clientSecret: "s3cret", basic: `Basic ${Buffer.from("acme:s3cret").toString("base64")}` },
    });
  });

  it.each(["", "**********"])("have no credentials, rather than half of them, for the secret %j", async (secret) => {
    expect((await outputs(secret)).result.credentials).toEqual({ acme: undefined });
  });

  it("form-encode both halves in the header, as Keycloak decodes them", async () => {
    const { acme } = (await outputs("a+b %:ü")).result.credentials;
    const [, base64 = ""] = acme?.basic.split(" ") ?? [];
    expect(Buffer.from(base64, "base64").toString()).toBe("acme:a%2Bb+%25%3A%C3%BC");
    expect(acme?.clientSecret).toBe("a+b %:ü");
  });

  it("show no secret anywhere else", async () => {
    expect(JSON.stringify((await outputs()).result.rest)).not.toMatch(/s3cret|the deployer's secret/);
  });
});

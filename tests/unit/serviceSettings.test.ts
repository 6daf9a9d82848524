import { apiSettings, bffSettings, toEnvironment } from "../../components/serviceConfiguration.ts";
import { accepted, configuration } from "./configuration.ts";

const PUBLIC = "https://keycloak.example.com/realms/ScpCloud";
const INTERNAL = "http://keycloak:8080/realms/ScpCloud";

const split = accepted(
  configuration({
    "scpcloud:backchannelUrl": "http://keycloak:8080",
    "scpcloud:requireHttps": false,
    "scpcloud:api": {
      additionalIssuers: ["https://old.example.com/realms/ScpCloud"],
      environmentPrefix: "SCP_",
      names: { validIssuers: "Issuers" },
      section: "Jwt",
    },
    "scpcloud:bff": { names: { baseUrl: "Url" }, section: "Services:Keycloak" },
  }),
);

describe("the BFF's settings", () => {
  test("have the URL by which the BFF reaches Keycloak, under names of its own", () => {
    expect(bffSettings(split)).toEqual({
      Services: {
        Keycloak: { Url: "http://keycloak:8080", TokenEndpoint: `${INTERNAL}/protocol/openid-connect/token` },
      },
    });
  });
});

describe("the API's settings", () => {
  test("keep the public issuer where the metadata comes over an internal URL", () => {
    expect(apiSettings(split)).toEqual({
      Jwt: {
        Authority: PUBLIC,
        MapInboundClaims: false,
        MetadataAddress: `${INTERNAL}/.well-known/openid-configuration`,
        RequireHttpsMetadata: false,
        ValidAudiences: ["scpCloud"],
        Issuers: [PUBLIC, "https://old.example.com/realms/ScpCloud"],
      },
    });
  });
});

describe("environment variables", () => {
  test("join levels by two underscores and count lists from 0", () => {
    expect(toEnvironment(apiSettings(split), split.api.environmentPrefix)).toEqual({
      SCP_Jwt__Authority: PUBLIC,
      SCP_Jwt__MapInboundClaims: "false",
      SCP_Jwt__MetadataAddress: `${INTERNAL}/.well-known/openid-configuration`,
      SCP_Jwt__RequireHttpsMetadata: "false",
      SCP_Jwt__ValidAudiences__0: "scpCloud",
      SCP_Jwt__Issuers__0: PUBLIC,
      SCP_Jwt__Issuers__1: "https://old.example.com/realms/ScpCloud",
    });
  });

  test("cannot say an empty list, which would switch a check off", () => {
    expect(() => toEnvironment({ Jwt: { ValidIssuers: [] } })).toThrow(
      "Jwt:ValidIssuers is empty and cannot be an environment variable",
    );
    expect(() => toEnvironment({ Jwt: {} })).toThrow("Jwt is empty and cannot be an environment variable");
  });
});

import { planMove } from "../../commands/move/movePlan.ts";

const PROD = `config:
  keycloak:url: https://keycloak.example
  scpcloud:integrations:
    acme: { organizationUser: a }
    acme-2: { successorOf: acme }
    beta: { organizationUser: b }
`;
const B = "config:\n  scpcloud:realmStack: prod\n  scpcloud:integrations:\n    zeta: { organizationUser: z }\n";
const plan = (clientIds: string[], to: string | undefined, from = PROD) => {
  const texts = new Map([["prod", from]]);
  return planMove(clientIds, "prod", "prod-b", to === undefined ? texts : texts.set("prod-b", to));
};
const BETA = "    beta: { organizationUser: b }\n";

describe("a move from one stack file to another", () => {
  it.each([
    ["takes the entries from the one and adds them to the other", B, PROD, false],
    ["goes on where both files have the entry", B + BETA, PROD, true],
    ["goes on where the other alone has it", B + BETA, PROD.replace(BETA, ""), true],
  ])("%s", (_, to, from, isBegun) => {
    expect(plan(["beta"], to, from)).toEqual({ isBegun, from: PROD.replace(BETA, ""), to: B + BETA });
  });

  it("makes the other file where there is none, or none but for what pulumi stack init wrote", () => {
    const made = "config:\n  keycloak:url: https://keycloak.example\n  scpcloud:realmStack: prod\n";
    for (const rest of ["", "encryptionsalt: v1:x\n"]) {
      const { to: text, newFile } = plan(["beta"], rest === "" ? undefined : rest);
      expect(newFile?.slice(newFile.indexOf("config:"))).toBe(made + rest);
      expect(text.slice(text.indexOf("config:"))).toBe(`${made}  scpcloud:integrations:\n${BETA}${rest}`);
    }
  });

  it("takes a customer's two clients together", () => {
    expect(plan(["acme-2", "acme"], B).to).toBe(
      `${B}    acme: { organizationUser: a }\n    acme-2: { successorOf: acme }\n`,
    );
  });

  const successor = "acme-2 is the successor of acme, and both must be in one stack. Do: say --customer";
  test.each([
    ["a customer that neither has", "nobody", B, "neither Pulumi.prod.yaml nor Pulumi.prod-b.yaml has such a customer"],
    ["a successor alone", "acme-2", B, `acme-2: ${successor} acme, too`],
    ["a predecessor alone", "acme", B, `acme: ${successor} acme-2, too`],
    ["an entry that the other has otherwise", "beta", B + BETA.replace(" b ", " x "), "both have it, but not the same"],
    ["a stack of another realm", "beta", B.replace("prod", "dev"), "the customers' realm is that of prod"],
    ["a setting of the realm stack", "beta", `${B}  scpcloud:audience: x\n`, "must not stand in Pulumi.prod-b.yaml"],
  ])("refuses %s", (_, clientId, to, said) => {
    expect(() => plan([clientId], to)).toThrow(said);
    expect(() => plan([clientId], to)).toThrow(/nothing was changed/i);
  });
});

import { TokenCache } from "../../development/stand-ins/tokenCache";

const ACME = { clientId: "acme", clientSecret: "secret" };

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test.each([
  [300, 270],
  [60, 30],
])("the BFF's stand-in keeps a token of %d s for %d s", async (lifetimeSeconds, keptSeconds) => {
  const requestToken = jest.fn(() => Promise.resolve({ outcome: "granted" as const, token: "token", lifetimeSeconds }));
  const tokens = new TokenCache(requestToken);
  await tokens.get(ACME);
  jest.advanceTimersByTime(keptSeconds * 1000 - 1);
  await tokens.get(ACME);
  expect(requestToken).toHaveBeenCalledTimes(1);
  jest.advanceTimersByTime(1);
  await tokens.get(ACME);
  expect(requestToken).toHaveBeenCalledTimes(2);
});

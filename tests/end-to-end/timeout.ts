import { TEST_LIMIT_MILLISECONDS } from "./limits.ts";

jest.setTimeout(TEST_LIMIT_MILLISECONDS);

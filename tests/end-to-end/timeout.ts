import { TEST_LIMIT_MILLISECONDS } from "./limits";

jest.setTimeout(TEST_LIMIT_MILLISECONDS);

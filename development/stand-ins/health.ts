import { get } from "node:http";

import { EnvironmentReader } from "./environmentReader";

/** The container's health check: whether the service beside it is alive. It stands alone because images have no shell. */
get({ port: new EnvironmentReader(process.env).port(), path: "/health" }, ({ statusCode }) => {
  process.exit(statusCode === 200 ? 0 : 1);
}).once("error", () => process.exit(1));

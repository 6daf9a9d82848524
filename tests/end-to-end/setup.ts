import { startServerOfTests } from "./server.ts";

export default startServerOfTests;

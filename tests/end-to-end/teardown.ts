import { stopServerOfTests } from "./server.ts";

export default stopServerOfTests;

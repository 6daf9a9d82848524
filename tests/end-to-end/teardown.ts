import { stopServerOfTests } from "./server";

export default stopServerOfTests;
